namespace OrleansLM.Contracts.Messages;

/// <summary>Layers [FirstLayer, EndLayer) on a silo.</summary>
[GenerateSerializer, Immutable, Alias("orleanslm.StagePlace")]
public sealed record StagePlace
{
    /// <summary>Address of the silo, as <c>SiloAddress.ToParsableString</c> writes it.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    [Id(1)]
    public required int FirstLayer { get; init; }

    [Id(2)]
    public required int EndLayer { get; init; }

    /// <summary>host:port where its links are accepted; empty for the first stage, which needs none.</summary>
    [Id(3)]
    public required string LinkAddress { get; init; }

    /// <summary>Memory that it takes.</summary>
    [Id(4)]
    public required long Bytes { get; init; }

    /// <summary>Estimated time of a decode step.</summary>
    [Id(5)]
    public required double Seconds { get; init; }

    /// <summary>Kept, New or Moved, against what runs now.</summary>
    [Id(6)]
    public required string Change { get; init; }

    /// <summary>How much of <see cref="Bytes"/> is keys and values, or recurrent states; the rest is weights.</summary>
    [Id(7)]
    public required long StateBytes { get; init; }
}
