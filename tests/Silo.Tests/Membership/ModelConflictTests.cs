using System.Net;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Membership;

namespace OrleansLM.Silo.Tests.Membership;

public sealed class ModelConflictTests
{
    private static readonly SiloAddress[] s_byAge = [.. Enumerable.Range(1, 3).Select(age => SiloAddress.New(IPAddress.Loopback, 1000 + age, age))];

    [Fact]
    public void Who_was_there_first_is_right()
    {
        var loads = Loads(["a 1", "b 1"], ["b 1", "a 2"], ["a 2"]);
        Assert.Null(ModelConflict.Find(s_byAge[0], loads));
        var second = ModelConflict.Find(s_byAge[1], loads)!;
        Assert.Equal(("a", "2", "1", s_byAge[0]), (second.Own.Name, second.Own.Fingerprint, second.Other.Fingerprint, second.Silo));
        Assert.Equal(s_byAge[0], ModelConflict.Find(s_byAge[2], loads)!.Silo);
    }

    [Fact]
    public void Other_names_and_silos_that_said_nothing_are_no_conflict()
    {
        var loads = Loads(["a 1"], ["b 2"], ["b 2", "a 1"]);
        Assert.All(s_byAge, silo => Assert.Null(ModelConflict.Find(silo, loads)));
        loads.Remove(s_byAge[2]);
        Assert.Null(ModelConflict.Find(s_byAge[2], loads));
    }

    private static Dictionary<SiloAddress, SiloLoad> Loads(params string[][] models) => models
        .Select((served, i) => KeyValuePair.Create(s_byAge[i], new SiloLoad
        {
            RunningTurns = 0, WaitingTurns = 0, Sessions = 0, PagesUsed = 0, IsDraining = false, Zone = "", Beginnings = [],
            Models = [.. served.Select(model => new ServedModel { Name = model.Split(' ')[0], Fingerprint = model.Split(' ')[1] })],
        }))
        .ToDictionary();
}
