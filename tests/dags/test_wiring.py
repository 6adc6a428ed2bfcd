"""What starts what: contracts -> landing -> build -> publication."""

from ingestion.contracts import all_contracts


def test_each_contract_has_its_landing_dag_on_its_own_schedule(dags):
    for contract in all_contracts():
        dag = dags[f"land_{contract.feed}"]
        assert (dag["cron"], dag["timezone"]) == (contract.schedule, "Asia/Shanghai")
        assert dag["tasks"]["land_inbox"]["outlets"] == [f"yunjian://bronze/{contract.feed}"]
        assert contract.owner in dag["doc"]
        assert contract.description.split(".")[0] in dag["doc"]


def test_a_refused_file_is_reported_after_the_others_have_landed(dags):
    for contract in all_contracts():
        tasks = dags[f"land_{contract.feed}"]["tasks"]
        assert tasks["land_inbox"]["downstream"] == ["report_refused"]
        assert tasks["report_refused"]["retries"] == 0


def test_a_new_contract_alone_makes_a_new_landing_dag(read_dags, tmp_path):
    from ingestion.contracts import CONTRACTS_FOLDER

    text = (CONTRACTS_FOLDER / "trucks.odcs.yaml").read_text()
    (tmp_path / "barges.odcs.yaml").write_text(text.replace("name: trucks", "name: barges"))
    (tmp_path / "codes").mkdir()
    bag = read_dags(YUNJIAN_CONTRACTS=str(tmp_path))
    assert bag["errors"] == {}
    assert "land_barges" in bag["dags"]
    assert "yunjian://bronze/barges" in bag["dags"]["build_governance_kpis"]["assets"]


def test_any_feed_starts_the_build_and_the_build_starts_the_publication(dags):
    feeds = sorted(f"yunjian://bronze/{contract.feed}" for contract in all_contracts())
    assert dags["build_governance_kpis"]["assets"] == feeds
    assert dags["publish_edition"]["assets"] == dags["build_governance_kpis"]["tasks"]["build"]["outlets"]


def test_maintenance_runs_every_night(dags):
    assert (dags["lake_maintenance"]["cron"], dags["lake_maintenance"]["timezone"]) == ("30 3 * * *", "Asia/Shanghai")
