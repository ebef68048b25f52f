-- The tables of silos for Microsoft.Orleans.Clustering.AdoNet over a shared SQLite file, and the statements that it looks up in OrleansQuery by name.
-- Silos and gateways run it at start where the file lacks them. By hand: sqlite3 members.db < deploy/sql/orleans-sqlite.sql
-- Every change of a silo's row raises the version in the same transaction; changes() is 0 where the version was another one, and then nothing is changed.
PRAGMA journal_mode = WAL;
BEGIN IMMEDIATE;

CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey TEXT NOT NULL PRIMARY KEY,
    QueryText TEXT NOT NULL);

CREATE TABLE IF NOT EXISTS OrleansMembershipVersionTable (
    DeploymentId TEXT NOT NULL PRIMARY KEY,
    Timestamp TEXT NOT NULL,
    Version INTEGER NOT NULL DEFAULT 0);

CREATE TABLE IF NOT EXISTS OrleansMembershipTable (
    DeploymentId TEXT NOT NULL,
    Address TEXT NOT NULL,
    Port INTEGER NOT NULL,
    Generation INTEGER NOT NULL,
    SiloName TEXT NOT NULL,
    HostName TEXT NOT NULL,
    Status INTEGER NOT NULL,
    ProxyPort INTEGER NULL,
    SuspectTimes TEXT NULL,
    StartTime TEXT NOT NULL,
    IAmAliveTime TEXT NOT NULL,
    PRIMARY KEY (DeploymentId, Address, Port, Generation));

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
    ('InsertMembershipVersionKey',
     'INSERT INTO OrleansMembershipVersionTable (DeploymentId, Timestamp, Version) VALUES (@DeploymentId, strftime(''%Y-%m-%d %H:%M:%f'', ''now''), 0)
      ON CONFLICT (DeploymentId) DO NOTHING;
      SELECT changes() AS RowCount'),
    ('InsertMembershipKey',
     'BEGIN IMMEDIATE;
      INSERT INTO OrleansMembershipTable (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
      SELECT @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
      FROM OrleansMembershipVersionTable WHERE DeploymentId = @DeploymentId AND Version = @Version
      ON CONFLICT (DeploymentId, Address, Port, Generation) DO NOTHING;
      UPDATE OrleansMembershipVersionTable SET Timestamp = strftime(''%Y-%m-%d %H:%M:%f'', ''now''), Version = Version + 1
      WHERE DeploymentId = @DeploymentId AND Version = @Version AND changes() > 0;
      SELECT changes() AS RowCount;
      COMMIT'),
    ('UpdateMembershipKey',
     'BEGIN IMMEDIATE;
      UPDATE OrleansMembershipTable SET Status = @Status, SuspectTimes = @SuspectTimes, IAmAliveTime = @IAmAliveTime
      WHERE DeploymentId = @DeploymentId AND Address = @Address AND Port = @Port AND Generation = @Generation
          AND EXISTS (SELECT 1 FROM OrleansMembershipVersionTable v WHERE v.DeploymentId = @DeploymentId AND v.Version = @Version);
      UPDATE OrleansMembershipVersionTable SET Timestamp = strftime(''%Y-%m-%d %H:%M:%f'', ''now''), Version = Version + 1
      WHERE DeploymentId = @DeploymentId AND Version = @Version AND changes() > 0;
      SELECT changes() AS RowCount;
      COMMIT'),
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
