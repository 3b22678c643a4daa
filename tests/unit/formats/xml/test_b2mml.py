"""B2MML V0700 from its own schemas: a work schedule comes in, a work performance goes out, both valid."""

from __future__ import annotations

from typing import Any

from tests.shared import shared
from tundish.formats.contract import Decoded
from tundish.formats.xml.format import XmlFormat
from tundish.formats.xml.settings import XmlSettings
from tundish.model import ProjectFiles

SCHEDULE = b"""<?xml version="1.0" encoding="UTF-8"?>
<ProcessWorkSchedule xmlns="http://www.mesa.org/xml/B2MML" releaseID="1">
  <ApplicationArea><CreationDateTime>2026-10-01T06:00:00Z</CreationDateTime></ApplicationArea>
  <DataArea><Process/><WorkSchedule><ID>WS-1</ID>
    <WorkRequest><ID>4711</ID><Description languageID="de">Mischen</Description>
      <JobOrder><ID>4711-0010</ID><Priority>1</Priority></JobOrder></WorkRequest>
    <WorkRequest><ID>4712</ID><JobOrder><ID>4712-0010</ID></JobOrder></WorkRequest>
  </WorkSchedule></DataArea>
</ProcessWorkSchedule>"""


def b2mml(name: str, **given: Any) -> XmlFormat:
    files = ProjectFiles(shared("b2mml-v0700"))
    return XmlFormat(XmlSettings.model_validate({"schema": f"B2MML-{name}.xsd", **given}, context=files))


def test_each_work_request_of_a_schedule_is_a_record() -> None:
    found = [
        one for one in b2mml("WorkSchedule", record="//WorkRequest").decode([SCHEDULE]) if isinstance(one, Decoded)
    ]
    assert [one.record for one in found] == [
        {
            "ID": "4711",
            "Description": ["Mischen"],
            "Description_attributes": [{"languageID": "de"}],
            "JobOrder": [{"ID": "4711-0010", "Priority": "1"}],
        },
        {"ID": "4712", "JobOrder": [{"ID": "4712-0010"}]},
    ]


def test_a_work_performance_is_written_valid_whatever_the_order_of_the_mapping() -> None:
    performance = b2mml("WorkPerformance", root="SyncWorkPerformance")
    response = {"JobResponse": [{"EndTime": "2026-10-01T14:00:00Z", "ID": "J1"}], "ID": "R1"}
    record: Any = {
        "DataArea": {
            "WorkPerformance": [{"WorkResponse": [response], "WorkScheduleID": "WS-1", "ID": "WP-1"}],
            "Sync": {},
        },
        "ApplicationArea": {"CreationDateTime": "2026-10-01T15:00:00Z"},
        "_releaseID": "1",
    }
    (again,) = performance.decode([performance.encode([record])])
    assert isinstance(again, Decoded)
    assert isinstance(again.record, dict)
    assert again.record["ApplicationArea"] == record["ApplicationArea"]
