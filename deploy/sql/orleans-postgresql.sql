-- The tables of silos for Microsoft.Orleans.Clustering.AdoNet over PostgreSQL, and the statements that it looks up in OrleansQuery by name.
-- Silos and gateways run it at start where the database lacks them. By hand, where their role may not create tables: psql -f deploy/sql/orleans-postgresql.sql
BEGIN;
SELECT pg_advisory_xact_lock(7381624);

CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey varchar(64) NOT NULL PRIMARY KEY,
    QueryText varchar(8000) NOT NULL);

-- One row per cluster: every change of a silo's row raises the version in the same transaction.
CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable (
    DeploymentId varchar(150) NOT NULL PRIMARY KEY,
    Timestamp timestamp(3) NOT NULL,
    Version integer NOT NULL DEFAULT 0);

CREATE TABLE IF NOT EXISTS OrleansMembershipTable (
    DeploymentId varchar(150) NOT NULL,
    Address varchar(45) NOT NULL,
    Port integer NOT NULL,
    Generation integer NOT NULL,
    SiloName varchar(150) NOT NULL,
    HostName varchar(150) NOT NULL,
    Status integer NOT NULL,
    ProxyPort integer NULL,
    SuspectTimes varchar(8000) NULL,
    StartTime timestamp(3) NOT NULL,
    IAmAliveTime timestamp(3) NOT NULL,
    PRIMARY KEY (DeploymentId, Address, Port, Generation));

CREATE OR REPLACE FUNCTION orleanslm_raise_version(cluster varchar, expected integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    raised integer;
BEGIN
    UPDATE OrleansMembershipVersionTable SET Timestamp = now() AT TIME ZONE 'utc', Version = Version + 1
    WHERE DeploymentId = cluster AND Version = expected;
    GET DIAGNOSTICS raised = ROW_COUNT;
    RETURN raised;
END $$;

CREATE OR REPLACE FUNCTION orleanslm_insert_silo(
    cluster varchar, ip varchar, silo_port integer, run integer, expected integer, name varchar, host varchar, state integer, gateway_port integer,
    started timestamp, alive timestamp) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM OrleansMembershipTable m WHERE m.DeploymentId = cluster AND m.Address = ip AND m.Port = silo_port AND m.Generation = run)
        OR orleanslm_raise_version(cluster, expected) = 0 THEN
        RETURN 0;
    END IF;
    INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
    VALUES (cluster, ip, silo_port, run, name, host, state, gateway_port, started, alive);
    RETURN 1;
END $$;

CREATE OR REPLACE FUNCTION orleanslm_update_silo(
    cluster varchar, ip varchar, silo_port integer, run integer, expected integer, state integer, suspects varchar, alive timestamp)
    RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
    IF orleanslm_raise_version(cluster, expected) = 0 THEN
        RETURN 0;
    END IF;
    UPDATE OrleansMembershipTable SET Status = state, SuspectTimes = suspects, IAmAliveTime = alive
    WHERE DeploymentId = cluster AND Address = ip AND Port = silo_port AND Generation = run;
    RETURN 1;
END $$;

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
    ('InsertMembershipVersionKey',
     'WITH added AS (
          INSERT INTO OrleansMembershipVersionTable (DeploymentId, Timestamp, Version) VALUES (@DeploymentId, now() AT TIME ZONE ''utc'', 0)
          ON CONFLICT (DeploymentId) DO NOTHING RETURNING 1)
      SELECT count(*)::integer AS RowCount FROM added'),
    ('InsertMembershipKey',
     'SELECT orleanslm_insert_silo(@DeploymentId, @Address, @Port, @Generation, @Version, @SiloName, @HostName, @Status, @ProxyPort,
          @StartTime::timestamp, @IAmAliveTime::timestamp) AS RowCount'),
    ('UpdateMembershipKey',
     'SELECT orleanslm_update_silo(@DeploymentId, @Address, @Port, @Generation, @Version, @Status, @SuspectTimes, @IAmAliveTime::timestamp) AS RowCount'),
    ('UpdateIAmAlivetimeKey',
     'UPDATE OrleansMembershipTable SET IAmAliveTime = @IAmAliveTime
      WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation'),
    ('MembershipReadRowKey',
     'SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
      FROM OrleansMembershipVersionTable v
      LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId AND m.Address = @Address AND m.Port = @Port AND m.Generation = @Generation
      WHERE v.DeploymentId = @DeploymentId'),
    ('MembershipReadAllKey',
     'SELECT v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
      FROM OrleansMembershipVersionTable v LEFT JOIN OrleansMembershipTable m ON m.DeploymentId = v.DeploymentId
      WHERE v.DeploymentId = @DeploymentId'),
    ('DeleteMembershipTableEntriesKey',
     'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId;
      DELETE FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId'),
    ('CleanupDefunctSiloEntriesKey',
     'DELETE FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND IAmAliveTime < @IAmAliveTime AND Status <> 3'),
    ('GatewaysQueryKey',
     'SELECT Address, ProxyPort, Generation FROM OrleansMembershipTable WHERE DeploymentId = @DeploymentId AND Status = @Status AND ProxyPort > 0')
ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;

COMMIT;
