namespace OrleansLM.Polyfills.Node.Grains;

/// <summary>Something of everything that may cross.</summary>
[GenerateSerializer, Alias("orleanslm.test.Cargo")]
public sealed record Cargo
{
    [Id(0)]
    public string? Text { get; init; }

    [Id(1)]
    public long Number { get; init; }

    [Id(2)]
    public double Fraction { get; init; }

    [Id(3)]
    public DayOfWeek Day { get; init; }

    [Id(4)]
    public Guid Id { get; init; }

    [Id(5)]
    public TimeSpan Span { get; init; }

    [Id(6)]
    public DateTimeOffset Time { get; init; }

    [Id(7)]
    public int? Some { get; init; }

    [Id(8)]
    public int? None { get; init; }

    [Id(9)]
    public byte[] Bytes { get; init; } = [];

    [Id(10)]
    public ReadOnlyMemory<byte> Memory { get; init; }

    [Id(11)]
    public float[] Floats { get; init; } = [];

    [Id(12)]
    public List<Crate> Crates { get; init; } = [];

    [Id(13)]
    public Dictionary<string, Crate> ByName { get; init; } = [];

    [Id(14)]
    public IReadOnlyList<string> Names { get; init; } = Array.Empty<string>();

    [Id(15)]
    public (int Left, string Right) Pair { get; init; }

    [Id(16)]
    public Cargo? Inner { get; set; }

    [Id(17)]
    public INodeGrain? Grain { get; init; }

    [Id(18)]
    public Crate? Any { get; init; }

    [Id(19)]
    public HashSet<string> Set { get; init; } = [];
}
