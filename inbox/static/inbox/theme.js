// Blocking and tiny: sets the theme before the first paint, so that nothing flashes, and says that scripts run.
(() => {
  const root = document.documentElement;
  root.dataset.js = "";
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch { /* storage is closed: the system's theme it is */ }
})();
