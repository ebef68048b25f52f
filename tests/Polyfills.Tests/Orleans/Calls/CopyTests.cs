using Orleans.Serialization;

namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

public sealed class CopyTests(GrainCluster cluster) : IClassFixture<GrainCluster>
{
    private readonly Guid _key = Guid.NewGuid();

    public static TheoryData<bool> FromSilo => new(false, true);

    [Theory, MemberData(nameof(FromSilo))]
    public async Task Caller_and_grain_never_share_an_argument(bool fromSilo)
    {
        ICallGrain grain = Grain(fromSilo);
        var parcel = new Parcel { Label = "box", Numbers = [1], Inner = new Parcel { Label = "inner" }, Table = { ["t"] = [7] }, Secret = "mine" };
        Parcel result = await grain.KeepAndChange(parcel);

        Assert.Equal("box", parcel.Label);
        Assert.Equal([1], parcel.Numbers);
        Assert.Equal("box changed", result.Label);
        Assert.Equal([1, 99], result.Numbers);
        Assert.Equal("inner", result.Inner!.Label);
        Assert.Equal([7], result.Table["t"]);
        Assert.Null(result.Secret);

        parcel.Numbers.Add(2);
        result.Numbers.Add(3);
        result.Table["t"][0] = 8;
        Parcel kept = await grain.Kept();
        Assert.Equal([1, 99], kept.Numbers);
        Assert.Equal([7], kept.Table["t"]);
    }

    [Theory, MemberData(nameof(FromSilo))]
    public async Task Records_with_positional_members_are_copied(bool fromSilo)
    {
        var stamp = new Stamp("ink", [5]) { Extra = 3 };
        Stamp result = await Grain(fromSilo).Restamp(stamp);
        Assert.Equal("ink!", result.Text);
        Assert.Equal([5, 1], result.Numbers);
        Assert.Equal(3, result.Extra);
        Assert.Equal([5], stamp.Numbers);
    }

    [Theory, MemberData(nameof(FromSilo))]
    public async Task An_object_that_occurs_twice_is_one_object_on_the_other_side_and_cycles_end(bool fromSilo)
    {
        var parcel = new Parcel();
        parcel.Inner = parcel;
        Assert.Equal(101, await Grain(fromSilo).ReferencesAreKept([parcel, parcel]));
    }

    [Theory, MemberData(nameof(FromSilo))]
    public async Task Values_of_many_types_cross(bool fromSilo)
    {
        object[] values =
        [
            1, 2L, 3.5, 4.5f, 'c', true, "text", 6.7m, Guid.NewGuid(), DateTime.UnixEpoch, DateTimeOffset.UnixEpoch, TimeSpan.FromDays(1), DayOfWeek.Friday,
            new byte[] { 1, 2 }, new[] { "a" }, new List<string> { "x" }, new HashSet<int> { 1 }, new Dictionary<int, string> { [1] = "one" }, (1, "two"),
            new Uri("http://localhost/"), new KeyValuePair<string, int>("k", 1), new List<int[]> { new[] { 1 } },
        ];
        ICallGrain grain = Grain(fromSilo);
        foreach (object value in values)
        {
            object echo = await grain.EchoObject(value);
            Assert.Equal(value.GetType(), echo.GetType());
            Assert.Equal(value, echo);
        }
    }

    [Theory, MemberData(nameof(FromSilo))]
    public async Task A_type_that_is_not_marked_is_refused_by_name(bool fromSilo)
    {
        ICallGrain grain = Grain(fromSilo);
        CodecNotFoundException refused = await Assert.ThrowsAsync<CodecNotFoundException>(() => grain.EchoObject(new Unmarked { Value = 1 }));
        Assert.Contains(nameof(Unmarked), refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, await grain.Add(1, 2));
    }

    private ICallGrain Grain(bool fromSilo) => (fromSilo ? cluster.GrainsOf(0) : cluster.Grains).GetGrain<ICallGrain>(_key);
}
