import pytest

from config.listening import CannotListen, address_of, claim, free_port


def test_a_free_port_is_claimed() -> None:
    with claim("127.0.0.1", 0) as listener:
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_taken_port_names_the_option() -> None:
    with claim("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Port {port} is taken.*--port {port + 1}"):
            claim("127.0.0.1", port)


def test_a_host_of_another_machine_names_the_option() -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1.*--host"):
        claim("192.0.2.1", 0)


def test_a_name_that_is_none_names_the_option() -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on nowhere\.invalid.*--host"):
        claim("nowhere.invalid", 0)


def test_who_listens_everywhere_is_found_on_this_machine() -> None:
    with claim("0.0.0.0", 0) as listener:  # noqa: S104
        assert address_of(listener).startswith("http://127.0.0.1:")


def test_a_free_port_can_be_claimed() -> None:
    claim("127.0.0.1", free_port()).close()
