/* A wall clock that a test moves, for the processes that have this library preloaded (Linux).
 *
 * The file that MOVED_CLOCK names holds the nanoseconds to add, one int64 in the machine's order. It is
 * mapped, so a move is seen by the next call of every process and costs none of them anything. Monotonic
 * time is left alone, and so is what waits by it. sem_timedwait, which multiprocessing waits by, takes a
 * wall time: that is taken back to the real one, or a clock that was put back would make it wait for nothing,
 * all the time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static const int64_t unmoved = 0;
static const int64_t *offset = &unmoved;
static int (*real_gettime)(clockid_t, struct timespec *);
static int (*real_sem_timedwait)(sem_t *, const struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("MOVED_CLOCK");
    real_gettime = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    real_sem_timedwait = (int (*)(sem_t *, const struct timespec *))dlsym(RTLD_NEXT, "sem_timedwait");
    int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        offset = mapped;
}

static struct timespec moved(struct timespec when, int64_t by)
{
    int64_t nanoseconds = when.tv_nsec + by % SECOND;
    when.tv_sec += by / SECOND;
    if (nanoseconds < 0) {
        nanoseconds += SECOND;
        when.tv_sec--;
    } else if (nanoseconds >= SECOND) {
        nanoseconds -= SECOND;
        when.tv_sec++;
    }
    when.tv_nsec = nanoseconds;
    return when;
}

static int64_t current(void)
{
    return __atomic_load_n(offset, __ATOMIC_RELAXED);
}

int clock_gettime(clockid_t clock, struct timespec *when)
{
    if (!real_gettime) /* somebody else's constructor came first */
        begin();
    int result = real_gettime(clock, when);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        *when = moved(*when, current());
    return result;
}

int gettimeofday(struct timeval *when, void *zone)
{
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    when->tv_sec = exact.tv_sec;
    when->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *when)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (when)
        *when = exact.tv_sec;
    return exact.tv_sec;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *until)
{
    struct timespec really = moved(*until, -current());
    return real_sem_timedwait(semaphore, &really);
}
