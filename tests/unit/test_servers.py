"""The servers that the suite starts for itself are the ones it means to test with."""

from __future__ import annotations

import pytest
import redis
import sqlalchemy


def test_redis_is_empty_and_remembers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("delivery", "1")
        assert client.get("delivery") == b"1"


def test_redis_is_empty_again(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


@pytest.mark.postgres
def test_postgres_gives_each_test_its_own_database(
    postgres_url: str, postgres_database: str
) -> None:
    engine = sqlalchemy.create_engine(postgres_database)
    try:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE money (amount numeric(12, 2))"))
            connection.execute(sqlalchemy.text("INSERT INTO money VALUES (48.60)"))
            stored = connection.execute(sqlalchemy.text("SELECT amount FROM money")).scalar_one()
        assert str(stored) == "48.60"
    finally:
        engine.dispose()
    server = sqlalchemy.create_engine(postgres_url)
    try:
        assert not sqlalchemy.inspect(server).has_table("money")
    finally:
        server.dispose()
