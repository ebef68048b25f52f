using Google.Protobuf.WellKnownTypes;
using OrleansLM.Cli.Cluster;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Tests.Cluster;

public sealed class ClusterTablesTests
{
    [Fact]
    public void The_status_of_a_large_cluster_is_one_line_a_silo_of_at_most_80_columns()
    {
        var topology = new Topology { ClusterId = "orleanslm" };
        for (var i = 1; i <= 20; i++)
        {
            var load = i == 20 ? null : new SiloLoad { RunningTurns = 64, WaitingTurns = 128, Sessions = 10_000, PagesUsed = 0.995, Draining = i == 3, Zone = "rack-12" };
            topology.Silos.Add(new Contracts.V1.Silo { Name = $"silo-{i}", Address = $"S192.168.100.1{i:00}:11111:533053762", Status = "Active", Load = load });
        }

        var lines = Lines(ClusterTables.Status(topology));
        Assert.Equal(22, lines.Length);
        Assert.Equal("cluster orleanslm", lines[0]);
        Assert.Equal("SILO     ADDRESS                STATUS  ZONE     RUN  WAIT  SESSIONS  PAGES", lines[1]);
        Assert.Equal("silo-3   192.168.100.103:11111  drains  rack-12   64   128     10000   100%", lines[4]);
        Assert.Equal("silo-20  192.168.100.120:11111  Active", lines[21]);
        Assert.All(lines, line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void A_move_says_from_where_to_where_how_much_and_how_long_the_turn_stood_still()
    {
        var report = new MoveReport
        {
            SessionId = "s1", From = "S127.0.0.1:11111:7", To = "S127.0.0.1:11112:8", Length = 300, Carried = 256, TurnId = "t1",
            Duration = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(120.4)), Pause = Duration.FromTimeSpan(TimeSpan.FromMilliseconds(12.3)),
        };
        Assert.Equal(["s1: 127.0.0.1:11111 -> 127.0.0.1:11112, 300 tokens (256 copied ahead), 120 ms, its turn stood still for 12 ms"], Lines(ClusterTables.Move(report)));
        report.Failure = "no other silo takes sessions";
        Assert.Equal(["s1 stayed on 127.0.0.1:11111: no other silo takes sessions"], Lines(ClusterTables.Move(report)));
    }

    [Fact]
    public void A_plan_says_what_goes_where_what_it_takes_and_what_is_left()
    {
        var plan = new PlanResponse
        {
            Pipelines =
            {
                new PlannedPipeline
                {
                    Pipeline = "silo-1/tiny",
                    Applied = true,
                    Stages =
                    {
                        new PlannedStage { Silo = "silo-1", Device = "cpu", FirstLayer = 0, EndLayer = 5, WeightBytes = 3 << 20, StateBytes = 1 << 30, Seconds = 0.003, Share = 0.75, Change = StageChange.Kept },
                        new PlannedStage { Silo = "silo-2", Device = "cuda:0", FirstLayer = 5, EndLayer = 8, WeightBytes = 1 << 20, StateBytes = 1 << 29, Seconds = 0.001, Share = 0.25, Change = StageChange.Moved },
                    },
                },
                new PlannedPipeline { Pipeline = "silo-9/huge", Problem = "there is no room" },
            },
            Devices =
            {
                new PlanDevice { Silo = "silo-1", Device = "cpu", Zone = "a", Bytes = 4L << 30, FreeBytes = -(1 << 20), BytesPerSecond = 12.34e9, Draining = true },
                new PlanDevice { Silo = "silo-2", Device = "cuda:0", Bytes = 8L << 30, FreeBytes = 7L << 30, BytesPerSecond = 4e12, ServesStages = true },
            },
        };
        string[] expected =
        [
            "silo-1/tiny: 2 stages, connects anew",
            "LAYERS  SILO    DEVICE   WEIGHTS     STATE     TIME  SHARE  CHANGE",
            "0-4     silo-1  cpu     3.00 MiB  1.00 GiB  3.00 ms    75%  kept",
            "5-7     silo-2  cuda:0  1.00 MiB   512 MiB  1.00 ms    25%  moved",
            "",
            "silo-9/huge: cannot be placed: there is no room",
            "",
            "what the plan leaves free",
            "SILO    DEVICE  ZONE    MEMORY       FREE        READS  STAGES",
            "silo-1  cpu     a     4.00 GiB  -1.00 MiB    12.3 GB/s  drains",
            "silo-2  cuda:0        8.00 GiB   7.00 GiB  4000.0 GB/s  yes",
        ];
        Assert.Equal(expected, Lines(ClusterTables.Plan(plan)));
    }

    [Fact]
    public void A_pipeline_is_shown_with_a_line_for_each_of_its_stages()
    {
        var topology = new Topology
        {
            ClusterId = "c",
            Silos =
            {
                new Contracts.V1.Silo
                {
                    Name = "silo-1",
                    Status = "Active",
                    Pipelines =
                    {
                        new Pipeline
                        {
                            Model = "tiny",
                            Backend = "cpu (AVX2, 2 threads)",
                            PagesUsed = 3,
                            PagesTotal = 900,
                            GeneratedTokens = 12_345,
                            Stages = { new Contracts.V1.Stage { FirstLayer = 0, EndLayer = 5, Device = "cpu" }, new Contracts.V1.Stage { FirstLayer = 5, EndLayer = 8, Device = "cpu" } },
                        },
                    },
                },
                new Contracts.V1.Silo { Name = "silo-2", Status = "Joining" },
            },
        };
        string[] expected =
        [
            "cluster c",
            "SILO    STATUS   MODEL  LAYERS  DEVICE  PAGES  GENERATED  BACKEND",
            "silo-1  Active   tiny   0-4     cpu     3/900      12345  cpu (AVX2, 2 threads)",
            "                        5-7     cpu",
            "silo-2  Joining",
        ];
        Assert.Equal(expected, Lines(ClusterTables.Topology(topology)));
    }

    [Fact]
    public void Json_has_the_names_of_the_contract_and_what_has_its_default_value()
    {
        var json = ClusterJson.WriteLine(new SiloLoad { RunningTurns = 2, Zone = "a" });
        Assert.Equal("""{ "running_turns": 2, "waiting_turns": 0, "sessions": 0, "pages_used": 0, "draining": false, "zone": "a" }""" + Environment.NewLine, json);
    }

    private static string[] Lines(string text) => text.TrimEnd().Split(Environment.NewLine);
}
