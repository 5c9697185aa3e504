"""How letters in many languages say "code" and "confirm": words and phrases, and how they are found.

Written as people write them; folded like search texts when this is imported. A star says that the word may
go on there ("*code" is in "Bestätigungscode", "kod*" in "kodunuz"). Words of scripts without blanks between
words need no stars. Each language's words are its own: what is the word for a code in one may be that for a
fish in another, but never stands right beside six digits by chance.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from inbox.mail.searchtext import fold

# A code that is typed once.
CODES = {
    "en": """
        verification code, security code, confirmation code, one-time code, one time code,
        one-time password, one time password, one-time pin, one time pin, one-time passcode,
        one time passcode, onetime code, passcode, otp, otp code, login code, log-in code,
        log in code, sign-in code, sign in code, signin code, sign-up code, access code,
        activation code, authentication code, authenticator code, auth code, authorization code,
        authorisation code, temporary code, temporary password, 2fa code, mfa code, two-factor code,
        2-step code, verification pin, verification number, verification token, reset code,
        recovery code, validation code, registration code, magic code, digit code, digit pin,
        digit number, character code, letter code, guard code, device code, single-use code,
        single use code, pairing code, unlock code, login pin, security pin, verify code,
        login token, secret code, unique code, sms code, email code, e-mail code, account code,
        linking code, code to verify, code to confirm, code to sign in, code to log in,
        code to reset, code to complete, activation key
        """,
    "de": """
        *bestätigungscode, *sicherheitscode, *verifizierungscode, *verifikationscode, *einmalcode,
        einmal-code, *einmalpasswort, einmal-passwort, *einmalkennwort, *anmeldecode, *zugangscode,
        *aktivierungscode, *freischaltcode, login-code, *logincode, *prüfcode,
        *authentifizierungscode, *registrierungscode, mtan, sms-tan, email-tan, tan, einmalige code,
        einmaliger code, stelliger code, stellige code, stelligen code, bestätigungs-code,
        bestätigungs-pin, *wiederherstellungscode, *sicherheitsschlüssel, zurücksetzungscode,
        anmelde-code, sicherheits-code, *rücksetzcode, *bestätigungsnummer,
        *aktivierungsschlüssel
        """,
    "fr": """
        code de vérification, code de sécurité, code de confirmation, code de connexion,
        code d'accès, code d'activation, code d'authentification, code de validation,
        code à usage unique, code unique, code à chiffres, code temporaire,
        mot de passe à usage unique, mot de passe temporaire, mot de passe provisoire, code secret,
        code de réinitialisation, code de récupération, code d'identification, code d'inscription,
        code otp
        """,
    "es": """
        código de verificación, código de seguridad, código de confirmación, código de acceso,
        código de activación, código de autenticación, código de inicio de sesión,
        código de validación, código de un solo uso, código único, código temporal,
        contraseña de un solo uso, contraseña temporal, clave de acceso, clave temporal,
        clave dinámica, clave de seguridad, código de recuperación, código de registro,
        código de dígitos, código de identificación
        """,
    "pt": """
        código de verificação, código de segurança, código de confirmação, código de acesso,
        código de ativação, código de autenticação, código de login, código de validação,
        código de uso único, código único, código temporário, senha de uso único, senha temporária,
        palavra-passe temporária, senha provisória, código de recuperação,
        código de início de sessão, código de cadastro, código de utilização única
        """,
    "it": """
        codice di verifica, codice di sicurezza, codice di conferma, codice di accesso,
        codice d'accesso, codice di attivazione, codice di autenticazione, codice di validazione,
        codice monouso, codice temporaneo, codice usa e getta, password monouso,
        password temporanea, password usa e getta, codice otp, codice di recupero, codice segreto,
        codice univoco, codice di autorizzazione, codice a cifre
        """,
    "nl": """
        *verificatiecode, *beveiligingscode, *bevestigingscode, *inlogcode, *toegangscode,
        *activeringscode, *activatiecode, *authenticatiecode, eenmalige code, *controlecode,
        eenmalig wachtwoord, tijdelijke code, tijdelijk wachtwoord, *herstelcode, *aanmeldcode,
        cijferige code, *validatiecode, *veiligheidscode
        """,
    "sv": """
        *verifieringskod, *verifieringskoden, *säkerhetskod, *säkerhetskoden, *bekräftelsekod,
        *bekräftelsekoden, *engångskod, *engångskoden, *engångslösenord, *inloggningskod,
        *inloggningskoden, *aktiveringskod, *aktiveringskoden, *åtkomstkod, siffriga kod*,
        siffrig kod, tillfälligt lösenord, *återställningskod, *valideringskod, *autentiseringskod
        """,
    "da": """
        *bekræftelseskode*, *sikkerhedskode*, *engangskode*, *engangsadgangskode*,
        *verifikationskode*, *verificeringskode*, *aktiveringskode*, *login-kode*, *loginkode*,
        cifrede kode, cifret kode, midlertidig adgangskode, *godkendelseskode*,
        *adgangskode til at logge ind
        """,
    "no": """
        *bekreftelseskode*, *sikkerhetskode*, *engangskode*, *engangspassord*, *verifiseringskode*,
        *innloggingskode*, *påloggingskode*, *aktiveringskode*, sifret kode, sifrede kode*,
        midlertidig passord, *tilgangskode*
        """,
    "fi": """
        *vahvistuskoodi*, *turvakoodi*, *kertakäyttökoodi*, *kertakoodi*, *kirjautumiskoodi*,
        *aktivointikoodi*, *varmennuskoodi*, *todennuskoodi*, kertakäyttöinen koodi*,
        kertakäyttöinen salasana*, kertakäyttösalasana*, numeroinen koodi*, *tunnistuskoodi*,
        väliaikainen salasana*
        """,
    "is": "staðfestingarkóði*, öryggiskóði*, innskráningarkóði*, staðfestingarkóðinn",
    "pl": """
        kod weryfikacyjny, kod bezpieczeństwa, kod potwierdzający, kod jednorazowy, jednorazowy kod,
        jednorazowe hasło, hasło jednorazowe, kod dostępu, kod aktywacyjny, kod autoryzacyjny,
        kod logowania, kod uwierzytelniający, kodu weryfikacyjnego, hasło tymczasowe,
        tymczasowe hasło, cyfrowy kod, kod sms, kod potwierdzenia, kod do logowania
        """,
    "cs": """
        ověřovací kód, bezpečnostní kód, potvrzovací kód, jednorázový kód, jednorázové heslo,
        přihlašovací kód, přístupový kód, aktivační kód, autorizační kód, ověřovacího kódu,
        místný kód, dočasné heslo, kód pro přihlášení, kód pro ověření
        """,
    "sk": """
        overovací kód, bezpečnostný kód, potvrdzovací kód, jednorazový kód, jednorazové heslo,
        prihlasovací kód, prístupový kód, aktivačný kód, autorizačný kód, miestny kód,
        dočasné heslo, kód na prihlásenie
        """,
    "hu": """
        *ellenőrző kód*, *ellenőrzőkód*, *biztonsági kód*, *megerősítő kód*,
        egyszer használatos kód*, egyszeri kód*, egyszeri jelszó*, *belépési kód*,
        *bejelentkezési kód*, *aktiváló kód*, *aktiválókód*, *hitelesítő kód*, *hitelesítési kód*,
        *azonosító kód*, számjegyű kód*, jegyű kód*, ideiglenes jelszó*, *visszaigazoló kód*
        """,
    "ro": """
        codul de verificare, cod de verificare, codul de securitate, cod de securitate,
        codul de confirmare, cod de confirmare, codul de acces, cod de acces, codul de activare,
        cod de activare, codul de autentificare, cod de autentificare, cod unic, codul unic,
        parola unică, parolă de unică folosință, cod de unică folosință, parola temporară,
        codul de conectare, codul temporar
        """,
    "bg": """
        код за потвърждение, код за потвърждаване, код за проверка, код за сигурност, код за достъп,
        код за вход, код за активация, код за активиране, еднократен код, еднократна парола,
        кодът за потвърждение, временна парола, код за верификация, цифрен код
        """,
    "ru": """
        код подтверждения, код безопасности, код доступа, код активации, код авторизации,
        код проверки, код входа, код для входа, одноразовый код, одноразовый пароль,
        проверочный код, проверочного кода, коду подтверждения, кода подтверждения,
        кодом подтверждения, код верификации, код восстановления, временный пароль, секретный код,
        значный код, код аутентификации, код для подтверждения, код для регистрации
        """,
    "uk": """
        код підтвердження, код безпеки, код доступу, код активації, код авторизації, код перевірки,
        код входу, код для входу, одноразовий код, одноразовий пароль, перевірочний код,
        коду підтвердження, тимчасовий пароль, значний код, код відновлення, код верифікації
        """,
    "be": "код пацвярджэння, код бяспекі, аднаразовы код, праверачны код",
    "sr": """
        верификациони код, сигурносни код, код за потврду, једнократни код, једнократна лозинка,
        verifikacioni kod, sigurnosni kod, kod za potvrdu, jednokratni kod, jednokratna lozinka,
        kod za prijavu, kod za verifikaciju
        """,
    "hr": """
        kôd za potvrdu, sigurnosni kôd, potvrdni kod, verifikacijski kod, kontrolni kod,
        jednokratni kod, jednokratna zaporka, kod za provjeru, pristupni kod, aktivacijski kod,
        privremena lozinka
        """,
    "sl": """
        potrditvena koda, potrditveno kodo, varnostna koda, varnostno kodo, enkratna koda,
        enkratno kodo, enkratno geslo, koda za potrditev, koda za prijavo, kodo za prijavo,
        aktivacijska koda, preveritvena koda
        """,
    "lt": """
        patvirtinimo kodas, patvirtinimo kodą, saugos kodas, saugumo kodas, vienkartinis kodas,
        vienkartinį kodą, vienkartinis slaptažodis, prisijungimo kodas, prisijungimo kodą,
        aktyvavimo kodas
        """,
    "lv": """
        apstiprinājuma kods, apstiprinājuma kodu, verifikācijas kods, drošības kods, drošības kodu,
        vienreizējais kods, vienreizējā parole, vienreizējs kods, pieteikšanās kods, piekļuves kods,
        aktivizācijas kods
        """,
    "et": """
        *kinnituskood*, *turvakood*, *kontrollkood*, ühekordne kood*, ühekordne parool*,
        *sisselogimiskood*, *aktiveerimiskood*, ajutine parool*
        """,
    "el": """
        κωδικός επαλήθευσης, κωδικός ασφαλείας, κωδικός επιβεβαίωσης, κωδικός μιας χρήσης,
        κωδικός πρόσβασης μιας χρήσης, κωδικός σύνδεσης, κωδικός ενεργοποίησης, κωδικό επαλήθευσης,
        κωδικό επιβεβαίωσης, κωδικό ασφαλείας, προσωρινός κωδικός, κωδικός μίας χρήσης,
        ψήφιος κωδικός, ψήφιο κωδικό
        """,
    "tr": """
        doğrulama kodu*, güvenlik kodu*, onay kodu*, tek kullanımlık kod*, tek kullanımlık şifre*,
        tek seferlik kod*, giriş kodu*, aktivasyon kodu*, etkinleştirme kodu*, erişim kodu*,
        tek kullanımlık parola*, haneli kod*, geçici şifre*, doğrulama şifre*, giriş şifre*,
        sms kodu*, oturum açma kodu*, kurtarma kodu*
        """,
    "az": "təsdiq kodu*, təsdiqləmə kodu*, birdəfəlik kod*, təhlükəsizlik kodu*, doğrulama kodu*",
    "sq": "kodi i verifikimit, kodi i sigurisë, kodi i konfirmimit, kodi juaj i verifikimit, kod verifikimi",
    "ca": "codi de verificació, codi de seguretat, codi de confirmació, codi d'accés, codi d'un sol ús",
    "eu": "egiaztapen-kode*, egiaztapen kode*, segurtasun-kode*, segurtasun kode*",
    "gl": "código de verificación, código de seguridade, código de acceso, código dun só uso",
    "cy": "cod dilysu, cod diogelwch, cod gwirio",
    "ga": "cód fíoraithe, cód slándála",
    "ar": """
        رمز التحقق, رمز التأكيد, رمز الأمان, رمز التفعيل, رمز الدخول, رمز تسجيل الدخول, رمز المرور,
        كود التفعيل, كود التحقق, كلمة المرور لمرة واحدة, كلمة مرور لمرة واحدة, رمز لمرة واحدة,
        رمز التحقّق, رمز تحقق, رمز التوثيق, كلمة المرور المؤقتة, كود التأكيد, رمز إعادة التعيين
        """,
    "he": """
        קוד אימות, קוד האימות, קוד אבטחה, קוד האבטחה, קוד חד פעמי, קוד חד-פעמי, סיסמה חד פעמית,
        סיסמה חד-פעמית, קוד כניסה, קוד הכניסה, קוד אישור, קוד הפעלה, קוד גישה, קוד זמני,
        סיסמה זמנית
        """,
    "fa": """
        کد تأیید, کد تایید, کد امنیتی, کد فعال‌سازی, کد فعال سازی, رمز یکبار مصرف, رمز یک‌بار مصرف,
        رمز پویا, کد ورود, کد یکبار مصرف, کد احراز هویت, کد تائید, رمز عبور موقت, رمز موقت
        """,
    "ur": "تصدیقی کوڈ, توثیقی کوڈ, سیکیورٹی کوڈ, تصدیق کا کوڈ, ون ٹائم پاس ورڈ",
    "hi": """
        सत्यापन कोड, सुरक्षा कोड, पुष्टि कोड, पुष्टिकरण कोड, वन टाइम पासवर्ड, वन-टाइम पासवर्ड,
        ओटीपी, लॉगिन कोड, एक बार का पासवर्ड, वेरिफिकेशन कोड, अंकों का कोड, सत्यापन पिन
        """,
    "bn": "যাচাইকরণ কোড, ভেরিফিকেশন কোড, ওটিপি, নিরাপত্তা কোড, ওয়ান টাইম পাসওয়ার্ড, যাচাই কোড",
    "ta": "சரிபார்ப்புக் குறியீடு, சரிபார்ப்பு குறியீடு, ஒருமுறை கடவுச்சொல், பாதுகாப்புக் குறியீடு",
    "te": "ధృవీకరణ కోడ్, ఓటీపీ",
    "th": """
        รหัสยืนยัน, รหัสการยืนยัน, รหัสความปลอดภัย, รหัส OTP, รหัสผ่านครั้งเดียว,
        รหัสผ่านแบบใช้ครั้งเดียว, รหัสเข้าสู่ระบบ, รหัสตรวจสอบ, รหัสเปิดใช้งาน, รหัสชั่วคราว,
        รหัสผ่านชั่วคราว
        """,
    "vi": """
        mã xác minh, mã xác nhận, mã xác thực, mã bảo mật, mã đăng nhập, mã OTP, mã kích hoạt,
        mật khẩu dùng một lần, mã dùng một lần, mã truy cập, mật khẩu tạm thời, mã khôi phục
        """,
    "id": """
        kode verifikasi, kode keamanan, kode konfirmasi, kode otp, kode masuk, kode aktivasi,
        kode akses, kata sandi sekali pakai, kode sekali pakai, kode autentikasi,
        kata sandi sementara, kode rahasia
        """,
    "ms": """
        kod pengesahan, kod keselamatan, kod pengaktifan, kod log masuk, kata laluan sekali guna,
        kod sekali guna, kod akses, kata laluan sementara
        """,
    "tl": "verification code mo, code ng pagpapatunay, iyong code",
    "sw": "nambari ya uthibitishaji, msimbo wa uthibitishaji, nambari ya kuthibitisha",
    "zh": """
        验证码, 驗證碼, 校验码, 校驗碼, 动态码, 動態碼, 动态密码, 動態密碼, 一次性密码, 一次性密碼,
        一次性代码, 安全码, 安全碼, 安全代码, 安全代碼, 确认码, 確認碼, 激活码, 啟用碼, 登录码,
        登入碼, 登录代码, 验证代码, 驗證代碼, 認證碼, 认证码, 一次性验证码, 临时密码, 臨時密碼,
        授權碼, 授权码, 一次性驗證碼, 验证号码
        """,
    "ja": """
        認証コード, 確認コード, 検証コード, セキュリティコード, セキュリティ コード,
        ワンタイムパスワード, ワンタイムコード, ワンタイム パスワード, 認証番号, 確認番号,
        ログインコード, パスコード, 暗証番号, 仮パスワード, 本人確認コード, アクセスコード,
        認証キー, 桁のコード, 桁の数字, 確認用コード, 認証用コード, 登録コード
        """,
    "ko": """
        인증번호, 인증 번호, 인증코드, 인증 코드, 확인 코드, 확인코드, 보안 코드, 보안코드,
        일회용 비밀번호, 일회용 코드, 일회용 비밀 번호, 로그인 코드, 확인번호, 확인 번호,
        임시 비밀번호, 자리 코드, 본인확인 번호, 일회용 인증번호
        """,
    "ka": "დადასტურების კოდი, ერთჯერადი კოდი, უსაფრთხოების კოდი, ვერიფიკაციის კოდი",
    "hy": "հաստատման կոդ*, մեկանգամյա կոդ*, անվտանգության կոդ*",
    "mn": "баталгаажуулах код*, нэг удаагийн код*",
    "kk": "растау коды*, бір реттік код*, қауіпсіздік коды*",
}

# The bare words. They count less: near them any number may stand.
BARE_CODES = """
    nhập mã, mã này, mã của bạn, mã của quý khách, mã sau, mã bên dưới, mã là, code, codes, pin,
    pincode, pin code, password, token, *code, *codes, *kennwort, *passwort, *geheimzahl, code pin,
    mot de passe, code confidentiel, código, clave, contraseña, nip, senha, palavra-passe, codice,
    wachtwoord, *kod, *koden, kod, kodu, kodem, lösenord, *kode, *kodeord, *pinkode, passord,
    *koodi*, salasana*, tunnusluku*, hasło, hasła, kód, kódu, kódem, heslo, kódom, kód*, jelszó*,
    cod, codul, parola, parolă, код, кода, кодом, коду, кодът, парола, пароль, пин, пин-код,
    пин код, пін-код, лозинка, lozinka, šifra, koda, kodo, geslo, kodas, kodą, kods, kood, koodi,
    parool, κωδικός, κωδικό, pin kodu*, kodunuz*, kodun*, kodu*, şifre*, parola*, kodi, codi, رمز,
    الرمز, رمزك, كود, الكود, كلمة المرور, קוד, הקוד, סיסמה, کد, رمز عبور, کوڈ, कोड, पिन, पासवर्ड,
    কোড, குறியீடு, కోడ్, รหัส, mã số, kode, kata sandi, kata laluan, msimbo, nambari ya siri, 代码,
    代碼, 密码, 密碼, コード, パスワード, 코드, 비밀번호, კოდი, կոդ*, kóði, kóðinn, kóðann
    """

# Numbers of another kind: what stands behind these is no code, however near a word for one is.
OTHER_NUMBERS = """
    почтовый код, поштовий код, 客户代码, 客戶代碼, 退货码, 退貨碼, 会员码, 會員碼, 收货码,
    取货码, 取貨碼, 国家码, 國家碼, 邀請碼, 礼品码, 门禁码, 核销码, unsubscribe code, license code,
    licence code, *lizenzschlüssel,
    encode, encodes, decode, decodes, transcode, hardcode, opcode, opcodes, bytecode, keycode,
    keycodes, leetcode, geocode, geocodes, qrcode, recode, gcode, errorcode, statuscode,
    countrycode, postalcode*, regioncode*, zipcodes, return code, код авторизации банка,
    codice negozio, código de pago, código de tienda, code magasin, кассов*, reason code,
    response code, region code, language code, location code, store code, store number, shop code,
    branch code, bank code, agent code, employee code, staff code, patient code, patient number,
    patient id, nhs number, supplier code, vendor code, cost code, department code, postal district,
    currency code, hs code, commodity code, licence key, license key, product key, activation date,
    approval number, approval code, terminal, merchant id, trip id, order ref, your ref, our ref,
    plot, unit, floor, apartment, block, chapter, page, level, grade, code name, code words, codec*,
    code base, codebase, codes of practice, code of practice, fire code, tax reference, utr,
    code banque, code guichet, code agence, code fournisseur, code insee, code couleur, code taille,
    code vestimentaire, code affaire, code pays, code langue, clé rib, rib, solde, digicode,
    n° de dossier, numéro d'abonné, código civil, código de conducta, código de país,
    código de agente, código de empleado, código de paciente, código de cuenta, código postal,
    código de colores, código técnico, paciente, extracto, saldo, código do cliente,
    código do banco, codice penale, codice paziente, codice ateco, codice paese, codice colore,
    codice banca, codice meccanografico, pod, pdr, *kassenzeichen, *matrikelnummer, *personalnummer,
    *versichertennummer, *zählernummer, zählerstand, ländercode, farbcode, *abholcode, türcode,
    filialnummer, *ausweisnummer, *abonummer, wkn, isin, кодекс*, код региона, код оквэд, оквэд,
    код страны, код подразделения, показани*, тариф*, табельный номер, код окпо, код валюты,
    код банка, код склада, 承認番号, 型番, 品番, 国コード, 証券コード, 승인번호, 종목코드, 국가코드,
    应付金额, 国家代码, 产品编码, 商品代码, 批准文号, 学号, 工号, order, orders, order number,
    order no, order id, order code, invoice*, receipt*, tracking*, shipment*, parcel*, package,
    consignment, waybill, awb, phone, telephone, tel, mobile, cell, fax, call, dial, text us, reply,
    whatsapp, helpline, hotline, postcode, postcodes, post code, postal code, zip, zip code,
    zipcode, area code, country code, dialling code, dialing code, error, error code, status code,
    exit code, promo*, promo code, discount*, coupon*, voucher*, referral code, referral*,
    gift card, gift code, booking, booking code, booking number, booking reference, reservation*,
    reservation code, confirmation number, reference, reference number, reference code, ref, case,
    case number, case id, ticket*, ticket code, account number, account no, account ending, acct,
    customer number, customer id, customer code, client number, client id, member number, member id,
    membership*, card, card number, card ending, cards, ending in, ends in, ending with, ends with,
    last four digits, last 4 digits, iban, bic, swift, sort code, routing number, tax code, vat,
    tin, ssn, product code, item code, item, items, sku, upc, ean, isbn, issn, serial number,
    serial no, serial, model, part number, part no, batch, barcode, barcodes, bar code, qr code,
    source code, lines of code, code review, code of conduct, dress code, building code, penal code,
    civil code, morse code, unicode, section, article, room, flight*, train, gate, seat,
    policy number, policy no, contract*, meter, license plate, licence plate, copyright, since,
    year, version, build, build number, commit, revision, issue, pull request, po box, p.o. box,
    suite, apt, street, airport code, station code, iata, transaction*, transaction id, payment id,
    payment*, amount, total, subtotal, balance, price, quantity, qty, user id, userid, employee id,
    employee number, student id, student number, id number, passport*, company number, company no,
    registration number, reg no, request id, request number, message id, session id, device id,
    meeting id, conference id, webinar id, port, ip, ip address, error id, event id, incident*, job,
    job number, job id, quote number, quotation, estimate*, statement, donation*, course code,
    class code, module code, stock code, style code, colour code, color code, plan, pledge, points,
    miles, score, population, kodak, codecademy, vscode, vs code, dispatch*, delivery*, sendung*,
    *sendungsnummer, *paketnummer, *bestellnummer*, *bestellung*, bestell-nr, *rechnung*, *auftrag*,
    *kundennummer, kunden-nr, kdnr, *vorgang*, *telefon*, tel-nr, mobil, *handynummer, *rufnummer,
    plz, *postleitzahl, *gutschein*, *rabatt*, aktionscode, *buchung*, *vertrag*, *konto*,
    kontonummer, blz, *bankleitzahl, *artikelnummer, art-nr, *aktenzeichen, *referenz*, *mitglied*,
    *fehlercode*, fehler, *quellcode, *steuernummer, ust-id, ust-idnr, hrb, zimmer, *flugnummer,
    flug, *vorwahl, *seriennummer, *betrag, *zahlung*, anruf, rufen sie, *karte, endet auf,
    endend auf, *strichcode, *versicherungsnummer, *geburtsjahr, jahr, *lieferschein*, commande*,
    numéro de commande, n° de commande, facture*, suivi, numéro de suivi, code de suivi, colis,
    téléphone*, tél, portable, appelez*, code postal, codes postaux, code promo*, code de réduction,
    code réduction, code remise, code avantage, bon d'achat, bon de réduction, code cadeau,
    carte cadeau, carte*, réservation*, code de réservation, dossier, numéro de dossier,
    numéro de client, numéro client, n° client, code client, référence*, réf, compte,
    numéro de compte, contrat*, siret, siren, rcs, tva, code ape, code naf, code barre*,
    code-barre*, code article, code produit, vol, billet*, montant, prix, code d'erreur,
    code erreur, code source, code de la route, code civil, code du travail, année, chambre,
    parrainage, code parrain, code de parrainage, indicatif, pedido*, número de pedido, factura*,
    seguimiento, número de seguimiento, código de seguimiento, envío*, teléfono*, tlf, móvil,
    llame*, llámanos, códigos postales, código promocional, código de descuento, cupón*,
    código de cupón, vale, tarjeta*, terminada en, reserva*, código de reserva, localizador,
    expediente, número de cliente, código de cliente, referencia*, cuenta, número de cuenta,
    contrato*, cif, nif, código de barras, código de producto, código de error, código fuente,
    vuelo*, artículo, importe, precio, año, habitación, código de referido, código penal, código qr,
    guía, número de guía, boleto*, radicado, comprobante, encomenda*, rastreio, rastreamento,
    código de rastreio, código de rastreamento, código de objeto, telefone*, telemóvel, celular,
    ligue, cep, código de desconto, cupom*, cupão*, cartão*, final, fatura*, nota fiscal, nf-e,
    número do pedido, número da encomenda, conta, número da conta, agência, referência*, protocolo,
    voo, voos, cpf, cnpj, código do produto, código de erro, código fonte, quarto, valor, preço, apólice,
    ordine*, numero d'ordine, numero ordine, codice ordine, fattura*, spedizione*,
    codice di tracciamento, numero di tracking, telefono*, cellulare, chiama*, cap, codice postale,
    codice sconto, codice promo*, buono*, coupon, codice fiscale, codice cliente, numero cliente,
    codice prodotto, articolo, prenotazione*, codice prenotazione, pratica, riferimento*, rif,
    conto, contratto, partita iva, p iva, codice a barre, codice errore, codice sorgente, volo*,
    importo, prezzo, anno, camera, carta*, biglietto*, codice regalo, polizza, codice civile,
    codice destinatario, codice univoco ufficio, *bestelnummer*, bestelling*, *factuur*, *zending*,
    *pakket*, track & trace, trackingcode, telefoonnummer, telefoon, bel ons, *kortingscode*,
    *korting*, *actiecode*, *waardebon*, *cadeaubon*, *klantnummer, *reservering*, boekingscode,
    *boeking*, *referentie*, kenmerk, *rekeningnummer, *rekening, *contract*, kvk, btw,
    streepjescode, foutcode, broncode, vlucht*, artikelnummer, bedrag, prijs, jaar, kamer,
    polisnummer, *ordernummer, eindigend op, dossiernummer, *ordernummer*, *beställning*, *faktura*,
    *kolli*, *spårning*, telefonnummer, mobilnummer, *rabattkod*, *kampanjkod*, *presentkort*,
    kupongkod, *kundnummer, *bokning*, *bokningskod*, *referens*, ocr, *kontonummer, *kort som,
    postnummer, *felkod*, *källkod*, streckkod, belopp, pris, rum, organisationsnummer, org nr,
    ärende*, ärendenummer, *ordrenummer, *ordre*, *forsendelse*, *pakkenummer, *sporing*, ring til,
    *rabatkode*, *rabattkode*, *kampagnekode*, *gavekort*, *kundenummer, *bestilling*,
    *bookingnummer, *referanse*, *reference*, postnr, *fejlkode*, *feilkode*, *kildekode*,
    stregkode, strekkode, *varenummer, beløb, beløp, cvr, org.nr, sagsnummer, saksnummer, romnummer,
    fødselsnummer, *tilausnumero*, tilaus*, *lasku*, *lähetys*, *seurantakoodi*, *seuranta*,
    puhelin*, puh, soita, *alennuskoodi*, *alennus*, *lahjakortti*, *asiakasnumero*, *varaus*,
    *varausnumero*, *viite*, *viitenumero*, tilinumero*, postinumero*, *virhekoodi*, *lähdekoodi*,
    viivakoodi*, *tuotenumero*, hinta, vuosi, huone, y-tunnus, zamówieni*, numer zamówienia,
    nr zamówienia, faktur*, przesyłk*, paczk*, numer przesyłki, numer śledzenia, telefon*, zadzwoń,
    infolini*, kod pocztowy, kod rabatowy, kod promocyjny, rabat*, kupon*, karta*, nr klienta,
    numer klienta, rezerwacj*, kod rezerwacji, numer referencyjny, konta, rachunku, numer konta,
    umow*, nip, regon, krs, pesel, kod kreskowy, kod produktu, kod błędu, kod źródłowy, numer lotu,
    kwota, cena, rok, pokój, kod qr, sprawy, zgłoszeni*, kod odbioru, polisy, objednávk*,
    číslo objednávky, zásilk*, zásielk*, číslo zásilky, balík*, telefon, telefón, volejte,
    infolinka, psč, slevový kód, zľavový kód, slev*, zľav*, poukaz*, dárkový, zákaznické číslo,
    číslo zákazníka, rezervac*, rezervác*, variabilní symbol, variabilný symbol, účet, účtu,
    číslo účtu, smlouv*, zmluv*, ičo, dič, čárový kód, čiarový kód, kód produktu, chybový kód,
    zdrojový kód, částka, suma, pokoj, izba, karta, číslo jednací, rendelés*, rendelési szám*,
    rendelésszám*, számla*, csomag*, csomagszám*, nyomkövetés*, telefonszám*, hívja, irányítószám*,
    kedvezmény*, kuponkód*, utalvány*, ügyfélszám*, vevőkód*, foglalás*, hivatkozás*, szerződés*,
    adószám*, cégjegyzék*, vonalkód*, cikkszám*, termékkód*, hibakód*, forráskód*, összeg, szoba,
    ügyszám*, bankszámla*, bankszámlaszám*, kártya*, comand*, numărul comenzii, factur*, expedi*,
    colet*, număr de urmărire, sunați, cod poștal, cod promoțional, cod de reducere, reducere,
    cupon*, cod client, rezervar*, referință, cont, cui, cod fiscal, cod de bare, cod produs,
    cod eroare, codul sursă, zbor*, sumă, preț, cnp, dosar*, поръчк*, номер на поръчка, фактур*,
    пратк*, товарителниц*, телефон*, обадете, пощенски код, промо код, промокод*, код за отстъпка,
    отстъпк*, ваучер*, купон*, клиентски номер, резерваци*, референ*, сметк*, договор*, еик,
    баркод*, код на продукта, код за грешка, изходен код, полет*, сума, цена, година, стая, заказ*,
    номер заказа, заказа, счет*, счёт*, накладн*, посылк*, трек-номер, трек-код, трек номер,
    трек код, трек, отслеживан*, отправлени*, звоните, почтовый индекс, индекс, промо-код*, скидк*,
    сертификат*, код города, карт*, лицевой счет, лицевого счета, номер клиента, бронировани*,
    бронь, код бронирования, обращени*, заявк*, инн, кпп, огрн, бик, снилс, штрихкод*, штрих-код*,
    артикул*, код товара, код ошибки, ошибк*, исходный код, рейс*, сумм*, стоимост*, год, году,
    номер комнаты, заканчивающ*, чек*, квитанци*, билет*, полис*, замовленн*, номер замовлення,
    рахунок, рахунк*, посилк*, ттн, відстеженн*, дзвоніть, поштовий індекс, індекс, знижк*,
    сертифікат*, картк*, бронюванн*, зверненн*, договір, єдрпоу, іпн, помилк*, рік, ціна, квиток*,
    наруџбин*, порудџбин*, porudžbin*, narudžb*, račun*, pošiljk*, pošiljat*, broj za praćenje,
    poštanski broj, poštanski kod, popust*, kod za popust, rezervacij*, ugovor*, oib, pib, barkod*,
    crtični kod, šifra artikla, iznos, cijena, godina, godine, soba, naročil*, poštna številka,
    koda za popust, črtna koda, datum, predračun*, številka naročila, užsakym*, siunt*, sąskait*,
    pašto kodas, nuolaid*, nuolaidos kodas, sutart*, prekės kodas, įmonės kodas, brūkšninis kodas,
    pasūtījum*, sūtījum*, rēķin*, pasta indekss, atlaid*, atlaižu kods, rezervācij*, līgum*,
    svītrkods, preces kods, tālrunis, tellimus*, saadetis*, arve*, arve nr, sihtnumber,
    postiindeks*, soodus*, sooduskood*, broneering*, leping*, registrikood*, isikukood*, vöötkood*,
    tootekood*, viitenumber, παραγγελί*, αριθμός παραγγελίας, τιμολόγι*, αποστολ*, δέμα*, τηλέφων*,
    καλέστε, ταχυδρομικός κώδικας, τ.κ., τκ, εκπτωτικός κωδικός, κωδικός έκπτωσης, έκπτωσ*,
    κουπόνι*, δωροεπιταγ*, κωδικός κράτησης, κράτησ*, κωδικός πελάτη, κωδικός προϊόντος, αφμ,
    λογαριασμ*, κάρτα*, πτήσ*, ποσό, τιμή, έτος, δωμάτι*, κωδικός παραγγελίας, αριθμός αποστολής,
    voucher, sipariş*, sipariş no, sipariş numarası*, kargo*, takip no, takip numarası*,
    takip kodu*, arayın, posta kodu*, indirim*, indirim kodu*, promosyon*, kampanya*, hediye çeki*,
    hediye kodu*, müşteri no, müşteri numarası*, rezervasyon*, pnr*, referans*, hesap no,
    hesap numarası*, sözleşme*, vergi no, vergi numarası*, ürün kodu*, hata kodu*, kaynak kod*,
    uçuş*, tutar*, fiyat*, yıl*, oda, kart*, sicil*, dosya no, alan kodu*, الطلب, طلب رقم,
    رقم الطلب, طلبك رقم, الفاتورة, فاتورة, رقم الفاتورة, الشحنة, رقم الشحنة, رقم التتبع, تتبع, هاتف,
    الهاتف, اتصل, رقم الهاتف, الجوال, الرمز البريدي, رمز بريدي, كود الخصم, رمز الخصم, خصم, قسيمة,
    كوبون, الحجز, رقم الحجز, رمز الحجز, رقم العميل, المرجع, رقم المرجع, رقم الحساب, العقد, الباركود,
    باركود, رمز المنتج, رمز الخطأ, خطأ, رحلة, الرحلة, المبلغ, السعر, عام, سنة, غرفة, بطاقة, البطاقة,
    تنتهي ب, ص.ب, صندوق بريد, رمز الاستجابة, رمز الدولة, تذكرة, הזמנה, מספר הזמנה, ההזמנה, חשבונית,
    משלוח, מספר משלוח, מספר מעקב, חבילה, טלפון, טל, התקשרו, חייגו, מיקוד, קוד קופון, קופון,
    קוד הנחה, הנחה, שובר, מספר לקוח, אסמכתא, חשבון, חוזה, ברקוד, קוד מוצר, קוד שגיאה, שגיאה, טיסה,
    סכום, מחיר, שנת, חדר, כרטיס, מסתיים ב, ח.פ, ת.ז, תעודת זהות, קוד מקור, פנייה, سفارش,
    شماره سفارش, فاکتور, مرسوله, کد رهگیری, کد پیگیری, رهگیری, تلفن, تماس, کد پستی, کد تخفیف, تخفیف,
    کد ملی, کارت, رزرو, کد رزرو, شماره مشتری, حساب, قرارداد, بارکد, کد محصول, کد خطا, خطا, پرواز,
    مبلغ, قیمت, سال, اتاق, کد کالا, شماره پرونده, آرڈر, آرڈر نمبر, فون, رقم, ऑर्डर, ऑर्डर नंबर,
    आदेश संख्या, चालान, इनवॉइस, ट्रैकिंग, फ़ोन, फोन, मोबाइल, कॉल करें, पिनकोड, पिन कोड, डाक कोड,
    कूपन, प्रोमो कोड, छूट, बुकिंग, संदर्भ, ग्राहक संख्या, खाता, खाते, त्रुटि, उड़ान, राशि, कीमत,
    वर्ष, कमरा, कार्ड, पीएनआर, टिकट, अर्डर, অর্ডার, ফোন, কুপন, পোস্ট কোড, ছাড়, คำสั่งซื้อ,
    หมายเลขคำสั่งซื้อ, เลขที่คำสั่งซื้อ, ใบแจ้งหนี้, พัสดุ, หมายเลขพัสดุ, เลขพัสดุ, ติดตาม, โทร,
    โทรศัพท์, รหัสไปรษณีย์, โค้ดส่วนลด, รหัสส่วนลด, ส่วนลด, คูปอง, การจอง, หมายเลขการจอง,
    รหัสการจอง, อ้างอิง, เลขที่อ้างอิง, บัญชี, สัญญา, บาร์โค้ด, รหัสสินค้า, รหัสข้อผิดพลาด,
    เที่ยวบิน, จำนวนเงิน, ราคา, ปี, ห้อง, บัตร, รหัสลูกค้า, đơn hàng, mã đơn hàng, số đơn hàng,
    hóa đơn, hoá đơn, vận đơn, mã vận đơn, mã theo dõi, theo dõi, điện thoại, gọi, mã bưu chính,
    mã bưu điện, mã giảm giá, giảm giá, mã khuyến mãi, khuyến mãi, mã ưu đãi, phiếu, đặt chỗ,
    mã đặt chỗ, mã đặt phòng, mã khách hàng, tham chiếu, tài khoản, số tài khoản, hợp đồng,
    mã số thuế, mã vạch, mã sản phẩm, mã lỗi, mã nguồn, chuyến bay, số tiền, giá, phòng,
    mã giao dịch, mã vùng, mã quà tặng, pesanan, nomor pesanan, faktur, resi, nomor resi,
    pengiriman, lacak, telepon, hubungi, kode pos, poskod, kode promo, kode diskon, diskon, kupon,
    kod promosi, kod diskaun, diskaun, pemesanan, kode booking, kode pemesanan, tempahan,
    nombor pesanan, nombor telefon, invois, referensi, rujukan, nomor rekening, akaun, kontrak,
    kode batang, kod bar, kode produk, kode kesalahan, ralat, penerbangan, jumlah, harga, tahun,
    kamar, bilik, kartu, kad, npwp, kode referal, penjejakan, 订单, 訂單, 订单号, 訂單編號,
    订单编号, 发票, 發票, 快递, 快遞, 运单号, 运单, 单号, 單號, 物流, 包裹, 电话, 電話, 手机, 手機,
    热线, 熱線, 拨打, 撥打, 致电, 邮编, 邮政编码, 郵遞區號, 优惠码, 優惠碼, 折扣码, 折扣碼, 优惠券,
    優惠券, 兑换码, 兌換碼, 促销码, 推荐码, 推薦碼, 邀请码, 预订, 預訂, 预定, 取件码, 取件碼,
    提货码, 客户编号, 客戶編號, 会员号, 會員編號, 账号, 帳號, 账户, 帳戶, 卡号, 卡號, 尾号, 尾號,
    末四位, 合同, 合約, 税号, 稅號, 条码, 條碼, 条形码, 二维码, 商品编号, 产品代码, 错误码,
    错误代码, 錯誤代碼, 源代码, 航班, 金额, 金額, 总计, 總計, 价格, 價格, 房间, 股票代码, 编号,
    編號, 案件, 工单, 统一编号, 區碼, 区号, 流水号, 交易号, 人民币, 余额, 餘額, 注文, 注文番号,
    ご注文, 請求, 請求書, 伝票番号, 伝票, 追跡番号, お問い合わせ番号, 問い合わせ番号, 荷物, 配送,
    電話番号, 郵便番号, クーポンコード, クーポン, 割引コード, 割引, プロモコード,
    プロモーションコード, キャンペーンコード, 招待コード, 紹介コード, ギフトコード, 予約番号, 予約,
    受付番号, 会員番号, 顧客番号, お客様番号, 口座番号, 口座, 契約, バーコード, 商品コード,
    商品番号, エラーコード, エラー, ソースコード, 便名, 合計, 料金, 価格, カード番号, カード, 下4桁,
    末尾, 部屋, 管理番号, 整理番号, ポイント, 法人番号, フリーダイヤル, 注文コード, 確認書番号,
    주문, 주문번호, 주문 번호, 송장, 송장번호, 운송장, 운송장번호, 배송, 택배, 전화, 전화번호,
    휴대폰, 고객센터, 우편번호, 쿠폰, 쿠폰번호, 쿠폰 코드, 할인코드, 할인 코드, 할인, 프로모션 코드,
    추천인 코드, 추천 코드, 예약, 예약번호, 예약 번호, 회원번호, 고객번호, 계좌, 계좌번호, 계약,
    바코드, 상품코드, 상품번호, 오류 코드, 오류코드, 소스 코드, 항공편, 금액, 합계, 가격, 카드,
    카드번호, 끝자리, 객실, 접수번호, 참조번호, 사업자등록번호, 적립금, 포인트, 대표번호, 문의
    """

# What a code may be that is no one-time code. What is shown at a counter, a locker or a door is among them,
# and what brings a friend; what is typed to get on the Wi-Fi is not. Languages join the two words in their
# ways: in one word ("Bestellcode"), the code first ("code retour"), or the code last ("iade kodu").

# What goes before it in one word where it is typed once: all else that does names another number.
TYPED_STEMS = """
    verif, valid, konfirm, confirm, authen, autor, autent, ident, legit, sicher, bestätig, zugang, zugriff,
    einmal,    freigabe, freischalt, login, logg, pass, pin, sms, mail, otp, prüf, kontroll, controle,
    anmeld, registr, zahlen, ziffer, schlüssel, aktiv, geheim, rücksetz, wiederher, inlog, toegang, beveil,
    bevestig, eenmalig, aanmeld, cijfer, veilig, herstel, engång, engang, säker, sikker, bekräft, bekræft,
    bekreft, åtkomst, lösen, tillträd, godk, adgang, tilgang, siffer, återställ, gjenoppr, kerta, vahvist,
    turva, tunnist, tunnus, kirjaut, pääsy, avain, varmen, todent, salasana, palautumis, kinnit, ühekord,
    sissel, pääsu, tuvast, kontrolli, ellenőrz, belép, bejelent, azonosít, megerősít, jel, hitelesít,
    engedély
    """
_CODE_FIRST = (
    (
        "code",
        """
        retour, promotionnel, colis, porte, portail, immeuble, relais, retrait, point relais, livraison,
        livreur, coursier, magasin, boutique, banque, iban, bic, swift, douane, licence, fidélité,
        invitation, filleul, cadeau, commande, désabonnement, désinscription, pays, ville, fiscal, impôt,
        statut, retour colis
        """,
    ),
    (
        "código",
        """
        devolución, retorno, cliente, área, ciudad, recogida, recojo, retiro, entrega, paquete, mensajero,
        puerta, portal, sucursal, oficina, banco, aduana, licencia, fidelidad, invitación, invitado, amigo,
        regalo, canje, compra, baja, cancelación, impuesto, estado, promoción, oferta, tienda, vendedor,
        devolução, convite, retirada, levantamento, coleta, recolha, encomenda, estafeta, porta, prédio,
        agência, loja, filial, licença, fidelidade, indicação, presente, resgate, país, cidade, imposto,
        cancelamento, promocional, promoção, vale
        """,
    ),
    (
        "codice",
        """
        reso, invito, ritiro, consegna, pacco, corriere, porta, portone, cancello, filiale, agenzia,
        sportello, doganale, licenza, fedeltà, amico, presentazione, regalo, riscatto, acquisto,
        disiscrizione, nazione, città, stato, tributo, promozionale, punto vendita, restituzione,
        promozione, voucher
        """,
    ),
    (
        "kod",
        """
        zwrotu, klienta, zaproszenia, polecenia, polecający, kraju, odbioru, nadania, kuriera, paczki,
        do drzwi, do bramy, do domofonu, domofonu, oddziału, banku, sklepu, licencji, licencyjny, towaru,
        podarunkowy, prezentowy, zamówienia, wypisania, podatkowy, kierunkowy, urzędu, promocji, statusu
        """,
    ),
    (
        "kód",
        """
        vrácení, zákazníka, zákaznický, pozvánky, vyzvednutí, výdeje, výdejní, zásilky, kurýra, dveří,
        od dveří, země, pobočky, banky, obchodu, zboží, licence, licenční, dárkový, objednávky, odhlášení,
        vrátenie, vrátenia, zákazníka, pozvánky, vyzdvihnutie, výdaj, zásielky, kuriéra, dverí, krajiny,
        banky, obchodu, tovaru, licencie, darčekový, objednávky, odhlásenie, štátu
        """,
    ),
    (
        "cod",
        """
        retur, client, clientului, comenzii, țării, băncii, magazinului, invitație, ridicare, livrare,
        colet, curier, ușă, interfon, țară, oraș, sucursală, bancă, magazin, voucher, cadou, licență,
        comandă, dezabonare, recomandare, promoție
        """,
    ),
    (
        "код",
        """
        връщане, клиента, клиент, покана, получаване, доставка, куриера, врата, вход на блока, държавата,
        държава, града, банката, магазина, стоката, лиценз, подарък, поръчката, поръчка, отписване, возврата,
        возврат, клиента, приглашения, получения, выдачи, доставки, курьера, домофона, двери, подъезда,
        города, магазина, филиала, лицензии, подарка, заказа, отписки, повернення, клієнта, запрошення,
        отримання, видачі, доставки, кур'єра, домофона, дверей, міста, країни, банку, магазину, товару,
        ліцензії, замовлення, відписки, скидки, знижки
        """,
    ),
    (
        "kod, šifra",
        """
        povraćaj, povrat, kupca, klijenta, pozivnicu, poziv, preuzimanje, dostavu, kurira, vrata, državu,
        države, zemlje, banke, prodavnice, trgovine, licence, poklon, narudžbu, porudžbinu, odjavu, vračilo,
        stranke, povabilo, prevzem, dostavo, kurirja, darilo, naročilo, odjavo
        """,
    ),
    (
        "κωδικός",
        """
        επιστροφής, παραλαβής, παράδοσης, χώρας, τράπεζας, καταστήματος, πόρτας, κούριερ, δέματος, άδειας,
        δώρου, πρόσκλησης, σφάλματος, πόλης, περιοχής, διαγραφής
        """,
    ),
    (
        "رمز, كود, الرمز, الكود",
        """
        الإرجاع, إرجاع, العميل, الاستلام, استلام, التسليم, المندوب, الباب, البنك, الفرع, الترخيص, الهدية,
        الدعوة, الطلب, المنطقة
        """,
    ),
    (
        "קוד",
        """
        החזרה, לקוח, איסוף, מסירה, משלוח, שליח, דלת, כניסה לבניין, בנק, סניף, רישיון, מתנה, הזמנה, מדינה
        """,
    ),
    ("کد, رمز", "مرجوعی, مشتری, تحویل, پیک, درب, بانک, شعبه, مجوز, هدیه, دعوت, معرف, کشور, شهر"),
    (
        "mã",
        """
        trả hàng, quốc gia, nhận hàng, giao hàng, lấy hàng, bưu cục, cửa, ngân hàng, chi nhánh, cửa hàng,
        bản quyền, mời, giới thiệu, hủy đăng ký, đổi quà
        """,
    ),
    (
        "kod",
        """
        retur, pengembalian, pelanggan, pelanggan anda, pengambilan, pengiriman, kurir, pintu, negara, bank,
        cabang, toko, lisensi, hadiah, undangan, pesanan, penukaran, pemulangan, ambilan, jemputan
        """,
    ),
    ("รหัส", "คืนสินค้า, สมาชิก, รับสินค้า, รับพัสดุ, ประตู, ธนาคาร, สาขา, ประเทศ, เชิญ, ของขวัญ"),
)
_CODE_LAST = (
    (
        "code",
        """
        return, returns, invite, invitation, pickup, pick-up, pick up, collection, locker, courier,
        delivery, door, gate, entry gate, unsubscribe, license, licence, redemption, redeem, loyalty,
        reward, rewards, gift, friend, referrer, clearing, bank, swift, tax, customs, country, city, dial,
        prefix, shipping, shipment, parcel, customer, client, order, purchase, product, warranty, offer,
        discount, cashback, sponsor, partner, dealer, nace, cpv, sni, http, smtp, plate, group, team,
        school, account type
        """,
    ),
    (
        "kod",
        """
        sni, pkd, nace, iade, müşteri, davet, ülke, teslimat, teslim, kurye, kapı, banka, şube, mağaza,
        lisans, hediye, sipariş, şehir, il, vergi, bayi, referans
        """,
    ),
    (
        "kod",
        """
        grąžinimo, kliento, kvietimo, atsiėmimo, pristatymo, kurjerio, durų, šalies, banko, parduotuvės,
        licencijos, dovanos, užsakymo, mokesčių
        """,
    ),
    (
        "kod",
        """
        atgriešanas, klienta, uzaicinājuma, saņemšanas, piegādes, kurjera, durvju, valsts, bankas, veikala,
        licences, dāvanas, pasūtījuma, nodokļu
        """,
    ),
    (
        "kód",
        """
        visszaküldési, rendelési, átvételi, vásárlói, meghívó, szállítási, futár, ajtó, banki, licenc,
        ország, leiratkozási, ajánlói
        """,
    ),
    ("कोड", "उत्पाद, वापसी, ग्राहक, डिलीवरी, पिकअप, निमंत्रण, रेफरल, बैंक, देश, लाइसेंस, उपहार, दरवाज़ा"),
    ("コード", "返品, 会員, 受取, 受け取り, 店舗, 銀行, 国, ライセンス, 配送, 紹介, 招待, ギフト, 顧客"),
    ("코드", "상품, 반품, 고객, 수령, 픽업, 초대, 배송, 은행, 국가, 매장, 라이선스, 선물, 출입문"),
)


def _by_head(table: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """For the first three letters of each word for a code, the words of its languages, folded."""
    found: dict[str, set[str]] = {}
    for heads, written in table:
        for head in {phrase[:3] for phrase in phrases(heads)}:
            found.setdefault(head, set()).update(phrases(written))
    return {head: tuple(sorted(word.replace("-", " ") for word in words)) for head, words in found.items()}


# Said of a number right behind it: it counts or measures something.
UNITS = """
    minutes, minute, mins, min, hours, hour, hrs, seconds, secs, days, day, weeks, months, years,
    times, people, users, customers, members, subscribers, employees, miles, points, words,
    characters, pages, downloads, visitors, items, products, euro, euros, eur, usd, dollars, gbp,
    pounds, chf, pln, czk, huf, ron, uah, rub, inr, rs, yen, won, baht, vnd, idr, rp, kr, sek, nok,
    dkk, tl, lei, ft, kč, zł, км, руб*, грн, лв, km, kg, gb, mb, kb, tb, mg, ml, cm, mm, kwh, kcal,
    watt, hz, ghz, px, dpi, ms, minuten, stunden, tage, tagen, sekunden, mal, punkte, uhr, heures,
    jours, secondes, fois, minutos, horas, días, dias, segundos, puntos, pontos, minuti, ore,
    giorni, punti, minuter, timmar, dagar, timer, dage, dager, minuuttia, tuntia, minut, godzin,
    dni, punktów, minút, hodin, bodů, perc, óra, nap, forint, pont, zile, минут*, часов, час*, дней,
    дня, баллов, рублей, хвилин*, годин*, днів, балів, гривень, λεπτά, ώρες, ημέρες, dakika, saat,
    gün, puan, lira, دقيقة, دقائق, ساعة, يوم, ريال, درهم, جنيه, נקודות, דקות, שעות, ימים, שקל*, ש"ח,
    دقیقه, ساعت, روز, تومان, ریال, मिनट, घंटे, दिन, रुपये, นาที, ชั่วโมง, วัน, บาท, คะแนน, phút,
    giờ, ngày, đồng, điểm, menit, jam, hari, poin, minit, mata, 分, 分钟, 分鐘, 分間, 秒, 时, 時,
    点, 點, 小时, 小時, 天, 年, 月, 日, 元, 円, 圓, 块, 积分, 積分, 号, 號, 名, 人, 件, 個, 个,
    ポイント, 원, 분, 시간, 일, 년, 월, 점, 명, 건, 개, 번째, 포인트
    """

# Said of a code that is over: a number behind these is another.
USED = """
    was used, were used, has been used, have been used, was entered, was requested, was sent to,
    was changed, wurde verwendet, wurde benutzt, wurde eingegeben, wurde gesendet an, a été utilisé,
    a été saisi, fue utilizado, fue usado, ha sido utilizado, se utilizó, se usó, foi utilizado, foi usado,
    è stato usato, è stato utilizzato, is gebruikt, werd gebruikt, användes, har använts, blev brugt,
    er blevet brugt, ble brukt, er brukt, on käytetty, käytettiin, został użyty, zostało użyte, byl použit,
    bylo použito, bol použitý, bolo použité, felhasznált*, a fost folosit*, a fost utilizat*,
    беше използван*, был использован*, было использован*, було використан*, був використан*, je iskorišćen*,
    je iskorišten*, je bil uporabljen*, buvo panaudot*, tika izmantot*, kasutati, χρησιμοποιήθηκε,
    kullanıldı, تم استخدام*, נעשה שימוש, استفاده شد, उपयोग किया गया, ถูกใช้, đã được sử dụng,
    telah digunakan, 已被使用, 使用されました, 사용되었습니다
    """

# Short for words, and no end of a sentence though a dot and a capital or a number follow.
ABBREVIATIONS = """
    mr, mrs, ms, dr, prof, st, n, c, inc, ltd, co, corp, llc, no, nr, num, approx, max, min,
    spk, ca, vs, dept, ext, fig, exp,
    jan, feb, mar, apr, jun, jul, aug, sep, sept, oct, okt, nov, dec, dez, déc, ene, abr, ago, dic, gen,
    hr, hrn, fr, frl, fa, bzw, evtl, ggf, abt, inkl, ing, tel, str, bd, mme, mlle, m, mm, sté, éts, env, réf,
    sr, sra, srta, d, dña, ud, uds, av, avda, núm, hnos, cía, exmo, exma, aprox, lda, ltda, dott, sig, sigg,
    spett, gent, geom, f, mevr, dhr, ir, drs, nv, bv, kl, osv, bl, kpl, esim, ns, os,
    pl, ul, al, woj, sp, wg, č, čís, tř, nám, sv, mudr, bc, mgr, kb, ill, sz, özv, dl, dna, dvs, bul, bd,
    г, гр, ул, пр, пл, д, кв, тел, стр, гг, н, п, вул, буд, просп, с, м, gđa, gđu, gđe, gosp, tj, npr, g, ga,
    gal, p, pvz, piem, t, k, κ, κα, αρ, οδ, sn, şti, tic, pt, utk, jl, jln, tp, ths, ts, bà, ông, e, z, u
    """

# Said of a letter that sells something: what is called a code there lowers a price.
SELLING = """
    discount*, coupon*, promo, promo code, voucher*, sale, checkout, at checkout, shop now, save up,
    free shipping, rabatt*, *gutschein*, einlösen, versandkostenfrei, réduction*, remise*, soldes,
    code promo, panier, descuento*, cupón*, rebajas, oferta*, desconto*, cupom, cupão, promoção,
    sconto*, saldi, carrello, korting*, afrekenen, aanbieding*, rabatkode*, rabattkod*, kassan,
    tilbud, alennus*, zniżk*, rabat*, promocj*, koszyk*, slev*, zľav*, kedvezmény*, kupon*,
    reducer*, cupon*, отстъпк*, скидк*, промокод*, купон*, распродаж*, знижк*, έκπτωσ*, κουπόνι*,
    indirim*, kampanya*, خصم, كوبون, تخفيضات, הנחה, קופון, מבצע, تخفیف, छूट, कूपन, ऑफर, ส่วนลด,
    โปรโมชั่น, คูปอง, giảm giá, khuyến mãi, ưu đãi, diskon, diskaun, 优惠, 優惠, 折扣, 满减, 促销,
    割引, クーポン, セール, オフ, 할인, 쿠폰, 프로모션, popust*, nuolaid*, atlaid*, soodus*,
    gift card, gift cards
    """

# Said in front of a code that no longer counts.
FORMER = """
    previous, previously, old, earlier, former, expired, no longer valid, vorherige*, früher*, alte,
    alten, abgelaufen*, ancien*, précédent*, expiré, anterior*, antiguo, caducado, vencido, vecchio,
    precedente, scaduto, vorige, oude, verlopen, tidigare, gamla, tidligere, gamle, edellinen,
    vanha, poprzedni*, stary, předchozí, starý, predchádzajúc*, korábbi, régi, anterior, vechi*,
    предыдущ*, стар*, прежн*, попередн*, предишн*, προηγούμεν*, παλιό*, önceki, eski, السابق,
    القديم, הקודם, קודם, הישן, قبلی, पुराना, पिछला, เดิม, เก่า, trước, lama, sebelumnya, 旧, 舊,
    以前, 之前, 古い, 以前の, 이전, 기존
    """


# Said of a letter about a journey: a "confirmation code" there is shown at a counter.
TRAVEL = """
    flight*, airline*, itinerary, boarding, check-in, hotel*, reservation*, booking*, flug*,
    *buchung*, vol, vols, réservation*, vuelo*, reserva*, voo, voos, volo, prenotazione*, vlucht*,
    *boeking*, *bokning*, rezerwacj*, rezervac*, rezervác*, foglalás*, рейс*, бронирован*,
    бронюван*, резервац*, uçuş*, rezervasyon*, κράτησ*, πτήσ*, رحلة, حجز, טיסה, پرواز, رزرو, पीएनआर,
    उड़ान, เที่ยวบิน, การจอง, chuyến bay, đặt chỗ, penerbangan, pemesanan, 航班, 预订, 預訂, 便名,
    予約, 항공편, 예약
    """

# Small words that say what something is: behind a word for a code and right before it, or the other way.
COPULAS = """
    is, are, was, be, as, ist, lautet, lauten, als, est, sera, comme, es, será, como, e, è, é, jest, to,
    brzmi, jako, je, jsou, znie, zní, är, lyder, er, som, on, este, е, это, є, είναι, yra, ir,
    është, dir, հետևյալն է, هو, هي, هو:, הוא, است, है, हैं, হল, হলো, คือ, là, adalah, ialah, ini,
    是, 为, 為, は, 는, 은, kao, kot, bu
    """


# What a link is for.
CONFIRM = """
    confirm*, verify, verifying, verification, validate, verify now, double opt-in, opt in,
    yes subscribe, approve sign-up, *bestätig*, verifizier*, confirmer, confirmez, confirmation,
    vérifier, vérifiez, valider, validez, confirmar, confirma, confirme, confirmá, verificar,
    verifica, verifique, validar, valida, confermare, conferma, verificare, convalida, bevestig*,
    verifieer, verifiëren, bekräft*, verifiera, bekræft*, bekreft*, verificer, verifiser, vahvista*,
    varmenna, potwierd*, zweryfikuj, weryfikacj*, potvrd*, potvrď*, ověř*, overi*, overte,
    megerősít*, visszaigazol*, ellenőrz*, hitelesít*, confirmă, confirmați, verificați, verifică,
    потвърд*, подтверд*, подтвержд*, проверить, верифиц*, підтверд*, підтвердж*, перевірити,
    пацвердз*, пацвярдж*, potrdi*, patvirtin*, apstiprin*, kinnita*, επιβεβαι*, επαληθ*, doğrula*,
    onayla*, təsdiq*, konfirmo*, verifiko*, egiaztatu, cadarnha*, تأكيد, أكد, تحقق, تأكيد البريد,
    توثيق, אימות, אשר, אשרו, לאשר, לאימות, אמתו, تأیید, تایید, تائید, تصدیق, पुष्टि, सत्यापित,
    सत्यापन, যাচাই, নিশ্চিত, உறுதிப்படுத்து*, சரிபார்*, ยืนยัน, xác nhận, xác minh, xác thực,
    verifikasi*, konfirmasi*, sahkan, mengesahkan, pengesahan, thibitisha, kumpirmahin, 确认, 確認,
    验证, 驗證, 認証, 検証, 인증, 확인, დადასტურ*, հաստատ*, баталгаажуул*, растау*, staðfest*
    """
ACTIVATE = """
    activate*, activation, complete registration, complete your registration, complete sign-up,
    complete your sign-up, finish signing up, finish registration, finish your registration,
    complete your account, set up your account, aktivier*, *freischalt*, registrierung abschließen,
    anmeldung abschließen, activer, activez, finaliser votre inscription,
    finalisez votre inscription, activar, activa, active, complete su registro, ativar, ative,
    ativação, attiva, attivare, completa la registrazione, activeer, activeren,
    registratie voltooien, aktivera, aktiver, fuldfør, fullfør, aktivoi*, aktywuj*, aktywow*,
    aktywacj*, dokończ rejestrację, aktivova*, aktivuj*, dokončit registraci, dokončiť registráciu,
    aktivál*, aktivizál*, regisztráció befejezése, activați, activează, activare, активир*,
    активац*, завершить регистрацию, активув*, завершити реєстрацію, aktivira*, aktyvuo*, aktivizē*,
    aktiveeri*, ενεργοποι*, etkinleştir*, aktifleştir*, kaydı tamamla*, تفعيل, تنشيط, فعّل,
    إكمال التسجيل, הפעלת, הפעל, השלמת ההרשמה, הפעלה, فعال‌سازی, فعال سازی, فعالسازی, सक्रिय,
    เปิดใช้งาน, kích hoạt, aktifkan, aktivasi, mengaktifkan, aktifkan akaun, 激活, 啟用, 启用, 開通,
    有効化, 有効に, アクティベート, 登録を完了, 本登録, 활성화, 가입 완료, 가입을 완료, აქტივაცი*
    """
RESET = """
    reset password, reset the password, reset a password, new password, forgot password,
    forgot your password, reset your password, reset my password, password reset, reset it,
    choose a new password, create a new password, set a new password, set new password,
    change password, change your password, change my password, set your password, set password,
    create password, recover account, recover your account, recover password, passwort zurücksetzen,
    kennwort zurücksetzen, passworts zurücksetzen, zurücksetzen, neues passwort, passwort ändern,
    passwort vergeben, passwort festlegen, réinitialis*, nouveau mot de passe,
    changer mon mot de passe, modifier le mot de passe, choisir un mot de passe, restablec*,
    reestablec*, recuperar contraseña, nueva contraseña, cambiar contraseña, cambiar la contraseña,
    redefin*, recuperar senha, nova senha, alterar senha, repor, reimposta*, reimpostare,
    ripristina*, nuova password, cambia password, wachtwoord opnieuw instellen,
    wachtwoord herstellen, wachtwoord resetten, wachtwoord wijzigen, nieuw wachtwoord, återställ*,
    nytt lösenord, byt lösenord, nulstil*, ny adgangskode, tilbakestill*, nytt passord,
    palauta salasana*, vaihda salasana*, uusi salasana, nollaa salasana*, salasanan palautus,
    zresetuj*, resetuj*, reset hasła, zresetować hasło, nowe hasło, zmień hasło, ustaw hasło,
    obnovit heslo, obnova hesla, obnoviť heslo, resetov*, nové heslo, změnit heslo, zmeniť heslo,
    jelszó visszaállítás*, visszaállít*, új jelszó, jelszó módosítás*, resetează*, resetați*,
    resetare, parolă nouă, schimbă parola, нулиране, смяна на парола, нова парола, сброс*,
    восстанов*, новый пароль, сменить пароль, изменить пароль, скин*, віднов*, новий пароль,
    змінити пароль, resetiraj*, nova lozinka, promijeni lozinku, ponastavi*, novo geslo,
    atkurti slaptažodį, naujas slaptažodis, atiestatīt*, jauna parole, lähtesta*, uus parool,
    επαναφορ*, νέο κωδικό, νέος κωδικός, αλλαγή κωδικού, sıfırla*, yeni şifre, şifre değiştir*,
    şifreni yenile, إعادة تعيين, إعادة ضبط, استعادة كلمة, تغيير كلمة, איפוס, אפס סיסמה, לאיפוס,
    סיסמה חדשה, بازنشانی, بازیابی, رمز عبور جدید, تغییر رمز, रीसेट, नया पासवर्ड, รีเซ็ต,
    ตั้งรหัสผ่านใหม่, đặt lại, mật khẩu mới, đổi mật khẩu, atur ulang, setel ulang, kata sandi baru,
    tetapkan semula, set semula, ubah kata sandi, 重置, 重设, 重設, 找回密码, 修改密码, 变更密码,
    變更密碼, 新密码, 新密碼, 再設定, パスワードリセット, パスワードをリセット,
    パスワードのリセット, リセット, 新しいパスワード, パスワードを変更, 재설정, 비밀번호 변경,
    새 비밀번호, 초기화
    """
SIGN_IN = """
    sign in, sign-in, signin, log in, log-in, login, sign me in, log me in, magic link, login link,
    sign-in link, one-time link, anmelden, einloggen, anmeldelink, anmelde-link, login-link,
    jetzt anmelden, se connecter, connectez-vous, me connecter, lien de connexion, lien magique,
    iniciar sesión, inicia sesión, inicie sesión, enlace mágico, enlace de acceso, entrar, acceder,
    iniciar sessão, fazer login, link de acesso, link mágico, acessar, accedi, accedere,
    link di accesso, inloggen, inloglink, aanmelden, logga in, inloggningslänk, log ind, logg inn,
    innloggingslenke, kirjaudu*, kirjautumislinkki, zaloguj*, link do logowania, logowani*,
    přihlásit*, přihlašovací odkaz, prihlásiť*, prihlasovací odkaz, bejelentkez*, belépés*,
    belépő link, conectare, conectați-vă, autentificare, вход, влезте, влез, войти, войдите, вход в,
    ссылка для входа, ссылку для входа, увійти, увійдіть, посилання для входу, prijavi*, prijava,
    prisijung*, pieslēg*, logi sisse, συνδεθείτε, σύνδεση, είσοδος, giriş yap*, oturum aç*,
    giriş bağlantı*, تسجيل الدخول, سجل الدخول, رابط الدخول, התחבר*, כניסה, להתחברות, התחברות, ورود,
    لینک ورود, लॉग इन, लॉगिन, साइन इन, เข้าสู่ระบบ, ลงชื่อเข้าใช้, đăng nhập, masuk, log masuk,
    tautan masuk, 登录, 登錄, 登入, 登陆, ログイン, サインイン, 로그인, mag-log in, ingia
    """
# Said of what else may be confirmed than an address or an account.
OTHER_CONFIRMS = """
    parcel*, package*, shipment, paket*, colis, paquete*, pacco, pakket*, kolli, pakke*, paczk*,
    balík*, csomag*, colet*, пратк*, посылк*, δέμα*, kargo*, الشحنة, חבילה, مرسوله, पार्सल, พัสดุ,
    paket, 包裹, 快递, 荷物, 택배, address change, slot, interview, visit, table, prize, winnings,
    order, orders, booking*, appointment*, attendance, reservation*, delivery, payment*, purchase*,
    meeting*, rsvp, invoice*, unsubscribe*, unsubscription, cancellation, deletion, bestellung*,
    termin*, teilnahme, buchung*, lieferung*, zahlung*, abmeldung, kündigung, stornierung,
    commande*, rendez-vous, réservation*, livraison*, paiement*, désinscription, présence, pedido*,
    cita*, reserva*, entrega*, pago*, asistencia, pagamento*, presença, consulta, agendamento,
    ordine*, appuntamento*, prenotazione*, consegna*, bestelling*, afspraak, boeking*, levering*,
    betaling*, afmelding, tid, bokning*, bestilling*, aftale, levans*, tilaus*, varaus*,
    ajanvaraus*, zamówieni*, wizyt*, rezerwacj*, dostaw*, objednávk*, rezervac*, schůzk*, rendelés*,
    foglalás*, időpont*, comand*, rezervar*, programare*, поръчк*, резерваци*, заказ*, бронь,
    бронировани*, запись на, оплат*, доставк*, замовленн*, бронюванн*, narudžb*, rezervacij*,
    παραγγελί*, κράτησ*, ραντεβού, sipariş*, rezervasyon*, randevu*, الطلب, طلب, الحجز, حجز, الموعد,
    موعد, ההזמנה, הזמנה, תור, الدفع, سفارش, رزرو, نوبت, ऑर्डर, बुकिंग, คำสั่งซื้อ, การจอง, นัดหมาย,
    đơn hàng, đặt chỗ, lịch hẹn, pesanan, reservasi, tempahan, janji temu, 订单, 訂單, 预订, 預訂,
    预约, 預約, 收货, 注文, 予約, 配送, 주문, 예약, 배송, 결제
    """
# Said of an account's own matters.
ACCOUNTS = """
    email*, e-mail*, mail, mail address, account*, address, registration, sign-up, signup,
    subscription, identity, newsletter, konto, *mailadresse, *adresse, benutzerkonto, registrierung,
    anmeldung, abonnement, compte, adresse*, courriel, inscription, correo*, cuenta*, dirección,
    registro, suscripción, conta, endereço, cadastro, assinatura, inscrição, indirizzo, iscrizione,
    registrazione, mailadres, inschrijving, registratie, aanmelding, kontot, *mailadress*,
    *postadress*, registrering*, prenumeration*, kontoen, tilmelding, påmelding, sähköposti*, tili*,
    rekisteröity*, tilaukse*, konto*, adres*, rejestracj*, subskrypcj*, účet, účtu, adresu,
    registrac*, registrác*, fiók*, cím*, regisztráció*, feliratkozás*, contul*, cont, adresa,
    abonarea, abonament, înregistrare*, имейл*, акаунт*, профил*, адрес*, аккаунт*, почт*,
    регистраци*, подписк*, учетн*, учётн*, обліков*, пошт*, реєстраці*, підписк*, račun, nalog,
    registracij*, naslov, pretplat*, paskyr*, pašt*, kontu, reģistrācij*, pasta, registreeri*,
    λογαριασμ*, διεύθυνσ*, εγγραφ*, hesab*, kayd*, kayıt*, üyeli*, abonel*, البريد, بريدك, حساب*,
    الحساب, عنوان, التسجيل, الاشتراك, חשבון, החשבון, המייל, דוא"ל, כתובת, ההרשמה, אימייל, دوا*,
    ایمیل, حساب, ثبت‌نام, ثبت نام, ईमेल, खाता, खाते, पंजीकरण, อีเมล, บัญชี, การสมัคร, email của,
    tài khoản, đăng ký, địa chỉ, akun*, alamat, pendaftaran, langganan, akaun*, e-mel, 邮箱, 郵箱,
    电子邮件, 電子郵件, 账户, 帳戶, 账号, 帳號, 邮件, 注册, 註冊, 订阅, メール*, アカウント,
    アドレス, 登録, 会員, 이메일, 계정, 메일, 가입, 등록, 구독
    """
# What no link of this kind is called, and what it leads away from.
AWAY = """
    unsubscribe*, opt out, opt-out, manage preferences, preferences, notification settings,
    email settings, privacy*, terms*, help, help center, help centre, support, contact*, faq,
    about us, view in view online, view this email, web version, app store, google play,
    download the app, download*, get the app, learn more, read more, report*, not me, wasn't me,
    wasn't you, it wasn't, secure your account, secure my account, deny, reject, decline, cancel*,
    block, blog, follow us, careers, imprint, legal, cookie*, forward, abbestellen, abmelden von,
    austragen, datenschutz*, impressum, hilfe, kontakt, agb, im mehr erfahren, widerruf*,
    einstellungen, stornier*, ablehnen, nicht ich, désabonner*, désinscrire*, confidentialité,
    conditions, aide, contactez*, mentions légales, en savoir plus, préférences, annuler, refuser,
    darse de baja, cancelar*, privacidad, ayuda, contáct*, aviso legal, preferencias,
    más información, rechazar, descadastrar, cancelar inscrição, privacidade, ajuda, suporte,
    termos, saiba mais, preferências, recusar, annulla*, disiscriv*, cancella*, assistenza, aiuto,
    termini, scopri, preferenze, rifiuta, uitschrijven, afmelden, voorwaarden, meer informatie,
    annuleren, voorkeuren, avregistrera, avsluta, avprenumerera, integritet*, hjälp, villkor,
    läs mer, afmeld, avmeld*, privatliv*, hjælp, hjelp, vilkår, betingelser, læs mere, les mer,
    peruuta, tietosuoja*, ohje*, lue lisää, wypisz*, rezygn*, prywatnoś*, pomoc, regulamin, więcej,
    anuluj, odhlásit*, odhlásiť*, soukromí, ochran*, podmínky, podmienky, nápověda, zrušit, zrušiť,
    leiratkoz*, adatvédel*, súgó, segítség, feltétel*, dezabon*, confidențialitate, ajutor, termeni,
    anulează, anulați, отпис*, поверителност, помощ, условия, отмен*, конфиденциальност*, помощь,
    справк*, поддержк*, відпис*, відмов*, конфіденційн*, допомог*, умов*, скасув*, odjavi*,
    privatnost*, pomoć, uvjeti, uslovi, atsisakyti, privatum*, pagalba, atteikties, privātum*,
    palīdzība, loobu*, privaatsus*, abi, διαγραφ*, απορρήτου, βοήθεια, όροι, ακύρωσ*,
    aboneliğ* iptal, abonelikten çık*, gizlilik, yardım, koşul*, iptal*, إلغاء*, الخصوصية, مساعدة,
    الدعم, الشروط, الإعدادات, הסר*, הסרה, פרטיות, עזרה, תנאי*, ביטול, لغو, حریم خصوصی, راهنما,
    پشتیبانی, شرایط, सदस्यता समाप्त, गोपनीयता, सहायता, शर्तें, रद्द, ยกเลิก, ความเป็นส่วนตัว,
    ช่วยเหลือ, เงื่อนไข, hủy, huỷ, quyền riêng tư, trợ giúp, điều khoản, berhenti*, batal*, privasi,
    bantuan, ketentuan, syarat, 退订, 退訂, 取消, 隐私, 隱私, 帮助, 幫助, 客服, 条款, 條款,
    配信停止, 退会, 解除, プライバシー*, ヘルプ, 規約, キャンセル, お問い合わせ, 수신거부,
    수신 거부, 해지, 개인정보*, 고객센터, 도움말, 약관, 취소
    """

# Said by links that say nothing of themselves: the words in front of them count.
SILENT = """
    here, click*, tap, this link, link, button, continue, open, go, get started, start, let's go,
    hier, klick*, weiter, öffnen, ici, cliqu*, lien, continuer, aquí, haga clic, haz clic, enlace,
    continuar, aqui, clique, qui, clicca, continua, klik*, doorgaan, här, klicka, länk, fortsätt,
    her, klikk*, lenke, fortsett, tästä, napsauta, linkki*, jatka, tutaj, kliknij, link*, odnośnik*,
    zde, klikn*, odkaz*, sem, ide, kattints*, hivatkozás*, aici, apăsați, тук, връзк*, сюда, здесь,
    нажм*, ссылк*, перейти, продолжить, тут, натисн*, посиланн*, εδώ, κλικ, σύνδεσμο*, buraya,
    tıkla*, bağlantı*, هنا, اضغط, انقر, الرابط, כאן, לחצו, לחץ, קישור, اینجا, کلیک, لینک, यहाँ,
    यहां, क्लिक, लिंक, คลิก, ที่นี่, ลิงก์, nhấp, bấm, vào đây, liên kết, di sini, tautan, pautan,
    点击, 點擊, 点此, 這裡, 这里, 链接, 連結, 鏈接, クリック, こちら, リンク, url, 아래, 링크, 클릭,
    여기
    """


def phrases(written: str | Iterable[str]) -> list[str]:
    """The phrases of a table, folded, stars kept."""
    tables = [written] if isinstance(written, str) else list(written)
    found = {" ".join(fold(phrase).split()) for table in tables for phrase in table.split(",")}
    return sorted(phrase for phrase in found if phrase.strip("* "))


OTHER_BEHIND = _by_head(_CODE_FIRST)
OTHER_BEFORE = _by_head(_CODE_LAST)

# Scripts that put no blank between words, or join small words to long ones: a word may begin anywhere.
_UNBROKEN = re.compile(
    "[\u0590-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af]"
)
_LONGEST_ENDING = 12
_WORD = re.compile(r"[^\W\d_]+")
# The words of a few thousand letters; whoever sends others does not make us remember them.
_MOST_KNOWN_WORDS = 20_000
_LONGEST_WORD = 40


def is_unbroken(character: str) -> bool:
    """Whether it is of a script that puts no blank between words, or joins them to what stands beside."""
    return _UNBROKEN.match(character) is not None


class Label(NamedTuple):
    """A phrase found in a text, and what kind of phrase it is."""

    start: int
    end: int
    kind: str


class _Phrase(NamedTuple):
    written: str
    kind: str
    may_begin_anywhere: bool
    may_go_on: bool


class Lexicon:
    """Finds the phrases of several tables in a folded text, in time linear in its length.

    Most words begin no phrase and hold none, and most words come again: what is known of a word is kept.
    """

    def __init__(self, **tables: str | Iterable[str]) -> None:
        # By their first six letters, for fewer are of too many words; what is shorter by what it has.
        self._by_start: dict[str, list[_Phrase]] = {}
        self._known: dict[str, tuple[int, ...]] = {}
        for kind, written in tables.items():
            for phrase in phrases(written):
                self._add(phrase, kind)
        for found in self._by_start.values():
            found.sort(key=lambda phrase: -len(phrase.written))
        # What a word begins with that begins a phrase: fewer letters where a blank is among the first three.
        self._word_starts: set[str] = set()
        self._starts_anywhere: set[str] = set()
        for start, found in self._by_start.items():
            letters = _WORD.match(start[:3])
            if letters is not None:
                self._word_starts.add(letters[0])
                if any(phrase.may_begin_anywhere for phrase in found):
                    self._starts_anywhere.add(letters[0])

    def _add(self, phrase: str, kind: str) -> None:
        bare = phrase.strip("*").replace("-", " ").lstrip("0123456789% ")
        entry = _Phrase(
            bare,
            kind,
            phrase.startswith("*") or is_unbroken(bare[0]),
            phrase.endswith("*") or is_unbroken(bare[-1]),
        )
        self._by_start.setdefault(bare[:6], []).append(entry)

    def labels(self, text: str) -> list[Label]:
        """The phrases in `text` (folded, "-" as a blank), from left to right, the longest at each place."""
        found: list[Label] = []
        position = 0
        for match in _WORD.finditer(text):
            word = match[0]
            places = self._known.get(word)
            if places is None:
                places = self._places(word)
            for place in places:
                at = match.start() + place
                label = self._at(text, at) if at >= position else None
                if label is not None:
                    found.append(label)
                    position = label.end
        return found

    def _places(self, word: str) -> tuple[int, ...]:
        """Where in a word a phrase may begin."""
        if len(word) > _LONGEST_WORD and word.isascii():
            return ()  # base64, a line of one letter: no language's word
        places = tuple(
            at
            for at in range(len(word))
            if any(
                word[at : at + length] in (self._starts_anywhere if at else self._word_starts)
                for length in ((3, 2, 1) if len(word) - at > 2 else (2, 1))
            )
        )
        if len(self._known) < _MOST_KNOWN_WORDS and len(word) <= _LONGEST_WORD:
            self._known[word] = places
        return places

    def _at(self, text: str, at: int) -> Label | None:
        for length in (6, 5, 4, 3, 2):
            entries = self._by_start.get(text[at : at + length])
            label = _longest(text, at, entries) if entries is not None else None
            if label is not None:
                return label
        return None

    def kind_at(self, text: str) -> str:
        """The kind of the phrase that `text` begins with, or ""."""
        label = self._at(text, 0)
        return "" if label is None else label.kind


def _longest(text: str, at: int, entries: Iterable[_Phrase]) -> Label | None:
    begins_word = at == 0 or not text[at - 1].isalpha()
    for phrase in entries:
        if not (begins_word or phrase.may_begin_anywhere) or not text.startswith(phrase.written, at):
            continue
        end = at + len(phrase.written)
        if not phrase.may_go_on:
            if text[end : end + 1].isalpha():
                continue
        elif _UNBROKEN.match(text, end) is None:
            limit = min(len(text), end + _LONGEST_ENDING)
            while end < limit and text[end].isalpha():
                end += 1
        return Label(at, end, phrase.kind)
    return None
