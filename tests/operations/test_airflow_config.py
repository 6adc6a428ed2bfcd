import configparser
import stat

from operations.airflow_config import config_file, password, passwords_file, write_config


def read(home):
    config = configparser.ConfigParser(interpolation=None)
    config.read(config_file(home))
    return config


def test_everything_binds_to_this_machine_alone_and_sends_no_usage_data(home):
    write_config(home, 18080)
    config = read(home)
    assert config["api"]["host"] == "127.0.0.1"
    assert config["core"]["execution_api_server_url"] == "http://127.0.0.1:18080/execution/"
    assert config["usage_data_collection"]["enabled"] == "False"
    assert config["core"]["load_examples"] == "False"
    assert config["core"]["parallelism"] == "4"


def test_secrets_are_for_their_owner_alone(home):
    write_config(home, 18080)
    for path in (config_file(home), passwords_file(home), home.secrets / "airflow_signing.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE(home.airflow.stat().st_mode) == 0o700


def test_a_further_start_keeps_password_and_signing_secrets_and_takes_the_new_port(home):
    write_config(home, 18080)
    before = password(home), read(home)["api_auth"]["jwt_secret"], read(home)["core"]["fernet_key"]
    write_config(home, 18081)
    assert (password(home), read(home)["api_auth"]["jwt_secret"], read(home)["core"]["fernet_key"]) == before
    assert read(home)["api"]["port"] == "18081"


def test_each_home_has_a_password_of_its_own(home, tmp_path):
    write_config(home, 18080)
    other = type(home)(tmp_path / "other").ensure()
    write_config(other, 18080)
    assert password(home) != password(other)
