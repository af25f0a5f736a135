"""Names of fields whose value is a secret whatever it is, however the name is written."""

import re

_SECRET = re.compile(
    r"(?:password|passwd|passphrase|passcode|passwort|kennwort|contraseña|senha|пароль|密码|secret|token|apikey"
    r"|accesskey|accesskeyid|secretkey|privatekey|signingkey|encryptionkey|accountkey|authkey|masterkey"
    r"|authorization|cookie|credential|credentials|sessionid|sessid|passwordhash|cvv|cvc)$|^(?:pwd|pass|auth)$|(?:db|user|_)pwd$"
)
_PHONE = re.compile(
    r"(?:phone|phonenumber|mobile|mobilenumber|telephone|fax|faxnumber|cellphone|whatsapp)$|^tel$"
)
_NOT_ALNUM = re.compile(r"[\W_]")


def holds_secret(name: str) -> bool:
    """True for `password`, `X-Api-Key`, `clientSecret`, `refresh_token` and their like; not `max_tokens`."""
    return bool(_SECRET.search(_plain(name)))


def holds_phone(name: str) -> bool:
    """True for `phone`, `Mobile number` and their like."""
    return bool(_PHONE.search(_plain(name)))


def _plain(name: str) -> str:
    return _NOT_ALNUM.sub("", name[-64:]).lower()
