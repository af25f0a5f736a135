"""Texts as they come by, with what is to be hidden marked as `⟦kind:value⟧`; the plain ones hide nothing.

A middle dot is left out when the text is read: it keeps other scanners from taking made-up keys for real.
Nothing here opens or reaches anything.
"""

# ruff: noqa: RUF001 people write so in other scripts

MARKED = """
Please write to ⟦email:alice.miller@example.org⟧ before Friday, she keeps the list.
From: "Bob Stone" <⟦email:bob+parley@mail.example.co.uk⟧>
Cc: ⟦email:support@example.com⟧; ⟦email:billing@example.com⟧
My address is ⟦email:jörg.müller@bücher.example.de⟧, the umlauts are right.
连接⟦email:wang@example.cn⟧，谢谢。
Send the invoice to ⟦email:k.o'neill@example.ie⟧. Thank you.
{"user": {"name": "Ana", "email": "⟦email:ana_lima@exemplo.com.br⟧", "age": 41}}
<a href="mailto:⟦email:hello@studio.example⟧">Say hello</a>
2026-11-21 10:02:11 WARN login failed for ⟦email:root@db1.internal.example⟧ from 10.0.0.7
git log: Author: Carol Jones <⟦email:c.jones@example.net⟧>
contacts = ["⟦email:a@b.co⟧", "⟦email:first.last@sub.domain.example.org⟧"]
Reply-To: ⟦email:no-reply@notifications.example.io⟧
(⟦email:office@example.se⟧)
Fwd: see the note of ⟦email:x_y-z@example.travel⟧!
Kontakt: ⟦email:info@beispiel.example.at⟧, Antwort binnen zwei Tagen
Extract the contact: Dana Fox, Fox & Sons, ⟦email:dana@foxandsons.example⟧, ⟦phone:(415) 555-0132⟧
Call me on ⟦phone:+1 415 555 0132⟧ after six.
You reach the office under ⟦phone:+49 30 901820⟧ or ⟦phone:030 901820⟧.
Mobil: ⟦phone:0171 2345678⟧, bitte nicht nach 20 Uhr.
Fax ⟦phone:+49 (0)89 1234-567⟧
London desk: ⟦phone:020 7946 0958⟧, mobile ⟦phone:07700 900123⟧.
My UK number is ⟦phone:+44 7700 900456⟧.
Tél. ⟦phone:01 23 45 67 89⟧ ou ⟦phone:06.12.34.56.78⟧
Appelez le ⟦phone:+33 1 23 45 67 89⟧ entre 9 h et 17 h.
Amsterdam: ⟦phone:020-6241111⟧; mobiel ⟦phone:06-12345678⟧
Llámame al ⟦phone:+34 612 345 678⟧ cuando puedas.
Teléfono: ⟦phone:612 345 678⟧
Ufficio: ⟦phone:06 6982 1234⟧, cellulare ⟦phone:+39 347 123 4567⟧
São Paulo ⟦phone:(11) 91234-5678⟧ ou ⟦phone:+55 11 91234-5678⟧
Москва, ⟦phone:8 (912) 345-67-89⟧ или ⟦phone:+7 912 345 67 89⟧
電話：⟦phone:03-1234-5678⟧、携帯 ⟦phone:090-1234-5678⟧
手机 ⟦phone:138 0013 8000⟧，随时联系
Seoul: ⟦phone:010-1234-5678⟧
Sydney ⟦phone:(02) 9876 5432⟧, mobile ⟦phone:0412 345 678⟧
Mumbai desk ⟦phone:+91 98765 43210⟧
Lagos: ⟦phone:+234 803 123 4567⟧
{"name": "Eve", "phone": "⟦phone:5551234567⟧", "city": "Austin"}
tel:⟦phone:+12025550143⟧
Dial ⟦phone:0044 20 7946 0123⟧ from abroad.
Toll-free ⟦phone:1-800-555-0199⟧, ask for Kim.
Fax number: ⟦phone:212.555.0187⟧
Text me at ⟦phone:555-0142⟧, I am in the shop.
Phone no. ⟦phone:22 33 44 55⟧ (Copenhagen)
WhatsApp ⟦phone:+52 1 55 1234 5678⟧
Vienna: ⟦phone:0043 1 5880 0123⟧, Zurich: ⟦phone:044 668 18 00⟧
Warszawa, tel. ⟦phone:22 621 02 10⟧
The card is ⟦card:4111 1111 1111 1111⟧, good until 12/28.
Visa ⟦card:4111 1111 1111 1111⟧ 12/27, code 123
⟦card:5555-5555-5555-4444⟧-12 and ⟦card:4000 0000 0000 0002⟧ 0
He paid with ⟦card:5555-5555-5555-4444⟧ yesterday.
amex=⟦card:378282246310005⟧ exp=0329
Kartennummer: ⟦card:3714 496353 98431⟧
{"card": {"number": "⟦card:6011111111111117⟧", "name": "A MILLER"}}
Diners ⟦card:3056 930902 5904⟧ was declined
JCB: ⟦card:3530 1113 3330 0000⟧
Old Visa with 13 digits: ⟦card:4222222222222⟧
mc2 ⟦card:2223003122003222⟧
UnionPay ⟦card:6200 0000 0000 0005⟧
Charge ⟦card:4012888888881881⟧ instead of ⟦card:5105105105105100⟧.
On 2026-11-22 4111 was typed, meaning ⟦card:4000056655665556⟧
order 12, ⟦card:4242 4242 4242 4242⟧, 2 pieces
卡号⟦card:4000000000003220⟧。
Überweisung an ⟦iban:DE89 3704 0044 0532 0130 00⟧ BIC COBADEFFXXX
IBAN: ⟦iban:GB29NWBK60161331926819⟧
Pay to ⟦iban:FR14 2004 1010 0505 0001 3M02 606⟧ by Monday.
Rekening ⟦iban:NL91ABNA0417164300⟧ t.n.v. J. de Vries
{"iban": "⟦iban:ES9121000418450200051332⟧", "amount": "12.50"}
Conto: ⟦iban:IT60 X054 2811 1010 0000 0123 456⟧
⟦iban:CH93 0076 2011 6238 5295 7⟧ (Zürich)
Virement: ⟦iban:BE68-5390-0754-7034⟧
konto ⟦iban:at611904300234573201⟧ in small letters
Norway ⟦iban:NO93 8601 1117 947⟧, Sweden ⟦iban:SE45 5000 0000 0583 9825 7466⟧
Polska: ⟦iban:PL61 1090 1014 0000 0712 1981 2874⟧
⟦iban:SA03 8000 0000 6080 1016 7519⟧ and ⟦iban:TR33 0006 1005 1978 6457 8413 26⟧
Brasil ⟦iban:BR1800360305000010009795493C1⟧
ACCOUNT ⟦iban:IE29 AIBK 9311 5212 3456 78⟧.
export OPENAI_API_KEY=⟦secret:sk-pro·j-4fJ2kQ9xTz7LmN1pRvW8yB3cD6eG0hIj⟧
client = OpenAI(api_key="⟦secret:sk-T9·aK3mQ7xL2vN8pR5wB1yC4dF6gH0jZsUeOiAnMkXlPqRtVu⟧")
ANTHROPIC_API_KEY: ⟦secret:sk-an·t-api03-Zx8Qw2Er5Ty7Ui9Op1As3Df6Gh4Jk-LmNbVc_AA⟧
I pasted ⟦secret:sk-an·t-api03-q1w2e3r4t5y6u7i8o9p0⟧ into the chat by mistake
curl -H "Authorization: Bearer ⟦secret:parl·ey_8KfJ2mQx7TzLn1pRvW9yB3cD6eG0hIjUs4oXaVbNkM⟧" http://127.0.0.1:8000/api/v1/usage
git clone https://⟦secret:oauth2:ghp·_aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW2xY4⟧@github.com/acme/site.git
token ⟦secret:github_p·at_11ABCDEFG0aBcDeFgHiJkL_mNoPqRsTuVwXyZ0123456789⟧ expires on Monday
aws_access_key_id = ⟦secret:AKI·AIOSFODNN7EXAMPLE⟧
aws_secret_access_key = ⟦secret:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY⟧
slack bot: ⟦secret:xox·b-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx⟧
maps key ⟦secret:AIz·aSyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q⟧ is public, I think
GITLAB=⟦secret:glp·at-xYz123AbC456dEf789Gh⟧
login(token="⟦secret:hf·_AbCdEfGhIjKlMnOpQrStUvWxYz012345⟧")
//registry.npmjs.org/:_authToken=⟦secret:npm·_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789⟧
stripe.api_key = "⟦secret:sk_li·ve_4eC39HqLyjWDarjtT1zdp7dc⟧"
webhook signing ⟦secret:whs·ec_Ab12Cd34Ef56Gh78Ij90Kl12Mn34Op56⟧
The JWT is ⟦secret:eyJ·hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P⟧.
-H 'Authorization: Basic ⟦secret:YWxpY2U6b3BlbiBzZXNhbWU=⟧'
Cookie: ⟦secret:sessionid=k3j4h5g6f7d8s9a0; csrftoken=AbCdEf123456⟧
Set-Cookie: ⟦secret:sid=s%3Aj7Kq; Path=/; HttpOnly⟧
DATABASE_URL=postgres://⟦secret:parley:s3cr3t-pa55⟧@db.example.org:5432/parley
redis://⟦secret::hunter2hunter2⟧@10.1.2.3:6379/0
amqp://⟦secret:guest:guest⟧@localhost:5672/
password=⟦secret:hunter2⟧&user=alice
{"username": "alice", "password": "⟦secret:correct horse battery staple⟧"}
DB_PASSWORD='⟦secret:p@ss w0rd!⟧'
The password is ⟦secret:Tr0ub4dor&3⟧ for the guest network.
Passwort: ⟦secret:Sommer2026!⟧
mysql --user root --password ⟦secret:geheim123⟧ shop
client_secret: ⟦secret:9f8e7d6c5b4a39281706⟧
X-Api-Key: ⟦secret:5f2c1e9a7b3d4f6081a2b3c4d5e6f708⟧
{"arguments": "{\\"api_key\\": \\"⟦secret:live-abc-123-def⟧\\", \\"n\\": 3}"}
"refreshToken":"⟦secret:1//0gAbCdEf-GhIjKl⟧"
pwd: ⟦secret:Qwertz12345⟧
Authorization: ⟦secret:0123456789abcdef0123456789abcdef01234567⟧
telegram bot ⟦secret:1234567890:AA·HdqTcvCH1vGWJxfSeofSAs0K5PALDsaw⟧
SENDGRID=⟦secret:SG·.aBcDeFgHiJkLmNoPqRsTuV.wXyZ0123456789AbCdEfGhIjKlMnOpQrStUvWxYz01⟧
post to ⟦secret:https://hooks.sl·ack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX⟧
groq ⟦secret:gs·k_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789⟧
AccountKey=⟦secret:Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6⟧;EndpointSuffix=core.example
der Schlüssel：⟦secret:sk-pro·j-Ab12Cd34Ef56Gh78Ij90⟧。
line one\\n⟦secret:sk-an·t-api03-inEscapedText0123456789⟧\\nline two
bearer ⟦secret:a1b2c3d4e5f6a7b8c9d0⟧ was refused
secret_key => ⟦secret:django-insecure-4#x9k2m7q⟧
⟦secret:-----BEG·IN RSA PRIVATE KEY-----\\nMIIEowIBAAKCAQEAr3kq\\n-----END RSA PRIVATE KEY-----⟧
api key: ⟦secret:7d8f9a0b1c2d3e4f⟧
session_id=⟦secret:6b1f0c2d9e8a7b45⟧
token: '⟦secret:a-short-one⟧'
contraseña: ⟦secret:Verano2026⟧
Signal me: ⟦phone:+46 70 123 45 67⟧ / ⟦email:lars@exempel.se⟧ / ⟦iban:SE4550000000058398257466⟧
"""

PLAIN = """
Order 4711-2026-118 left the warehouse on 2026-11-20.
Invoice INV-2026-000123456 is due on 01.12.2026.
Amazon order 028-1234567-1234567 was delivered.
Tracking number 1Z999AA10123456784 is with UPS.
request 0190c1f2-7b4e-7c3d-9a1b-2c3d4e5f6a7b took 412 ms
trace_id=4bf92f3577b34da6a3ce929d0e0e4736 span_id=00f067aa0ba902b7
commit de590c0a1b2c3d4e5f60718293a4b5c6d7e8f901 fixes the build
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
md5 d41d8cd98f00b204e9800998ecf8427e of an empty file
The meeting is on 22/11/2026 at 10:30, room 3.
From 01-02-2024 to 29-02-2024 inclusive
2026-11-22T21:45:00.123456+00:00 INFO llm.retry attempt=2 wait=0.734512
01/12/2026 12345 67 is a row of the export
Python 3.13.0, Django 6.1.3, uvicorn 0.54.1 and SQLite 3.40.1
Chrome/131.0.6778.85 Safari/537.36
pip install "openai>=3.54,<4" anthropic==2.12.0
It costs $1,299.00, or 1.299,00 EUR with VAT.
The budget is 1 234 567 890 yen, up by 12.5 %.
Population: 8 100 000 000 people, 612 345 678 of them online.
ISBN 978-3-16-148410-0 is the example of everybody.
ISBN-10: 0-306-40615-2
ISSN 2049-3630, DOI 10.1000/xyz123
EAN 4006381333931 on the box
IMEI 356938035643809 of the phone
ping 192.168.1.100 and 10.0.0.1, then 8.8.8.8
2001:db8:85a3::8a2e:370:7334 answers on port 8443
http://127.0.0.1:8000/api/v1/extract/contact
color: #ff5733; background: #1a2b3c4d;
rgba(255, 99, 71, 0.5) in the theme
def refresh_token(self, token: str) -> str:
if token == other.token: return token
password = getpass.getpass("Password: ")
api_key=os.environ["OPENAI_API_KEY"]
api_key=settings.PARLEY.openai_api_key
client = Client(token=token, timeout=30)
password: str = Field(min_length=12)
max_tokens=4096, input_tokens: 1532, output_tokens: 87
A token is about four letters of English text.
The secret: patience and a good recipe.
Password: must be at least twelve characters long
The password is required.
Forgot your password? The link is on the sign-in page.
Authorization: who may see what is decided by the owner.
Cookie: a small sweet biscuit, in American English
DATABASE_URL=postgres://localhost:5432/parley
redis://127.0.0.1:6379/0
git clone git@github.com:acme/site.git
<img src="logo@2x.png" alt="The logo">
@app.route("/users/<int:user_id>")
@alice will look at it, cc @bob
npm install @scope/package@1.2.3
y = x @ w + b
from sklearn import sk-learn-compatible-estimator-checks
risk-assessment-framework-for-all-teams
task-0123456789 moved to done
timestamp 1763848800 and in ms 1763848800000
nanoseconds 1763848800123456789
tweet 1857123456789012345 was deleted
score 0.4532015112830366, loss 0.5555555555554444
[0.123456789, -1.98765432, 3.14159265358979]
latitude 52.520008, longitude 13.404954
UTC+02:00, 5+12, 1e+10000000
diff: +20261122 lines, -12 lines
Section 4.1.2.3.4 of RFC 9110, page 1234
pages 123-456, vol. 12, 1998
Account 12345678 at branch 000123456
Customer no. 0012345678 since 1998
SSN-like 123-45-6789 in the handbook
Room 0815, house 17, 10115 Berlin
ZIP 94105-1234, San Francisco
Model X-100-200-3000-Z weighs 12 kg
gpt-5.6-luna and claude-haiku-5-5 answered
C:\\Users\\alice\\Documents\\report-2026-11.pdf
AT12, DE34 and FR56 are rows of the sheet
SKU DE12 3456 7890 1234 5678 90 is not an account
Card 4111 1111 1111 1112 has a wrong check digit.
4000123412341235 is a batch number with a wrong digit
phoneNumber: Optional[str] = None
call 911 in an emergency
Mobile first, then 1280 pixels
fn(0x1234567890abcdef, 0o755, 0b1010)
AKIA is how these keys begin, sk- is how those do.
eyJ is base64 of an opening brace.
-----BEGIN CERTIFICATE----- MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A -----END CERTIFICATE-----
"""


def lines(text: str) -> list[str]:
    """Return the texts of a block, one a line; `\\n` in a line stays as the two characters it is."""
    return [line.replace("·", "") for line in text.strip().splitlines()]
