using System.Net;

namespace Orleans.Runtime;

/// <summary>An endpoint and the generation that tells one run of a silo from the next at the same endpoint.</summary>
[Immutable]
public sealed class SiloAddress : IEquatable<SiloAddress>, IComparable<SiloAddress>
{
    private SiloAddress(IPEndPoint endpoint, int generation)
    {
        Endpoint = endpoint;
        Generation = generation;
    }

    public static SiloAddress Zero { get; } = New(IPAddress.Any, 0, 0);

    public IPEndPoint Endpoint { get; }

    public int Generation { get; }

    /// <summary>Clients have negative generations.</summary>
    public bool IsClient => Generation < 0;

    public static SiloAddress New(IPEndPoint ep, int gen) => new(ep, gen);

    public static SiloAddress New(IPAddress address, int port, int generation) => new(new IPEndPoint(address, port), generation);

    /// <summary>Seconds since 2010, UTC: a silo that starts again at the same endpoint a second later gets a larger one.</summary>
    public static int AllocateNewGeneration() => (int)(DateTime.UtcNow - new DateTime(2010, 1, 1, 0, 0, 0, DateTimeKind.Utc)).TotalSeconds;

    /// <summary>The address as <c>ip:port@generation</c>.</summary>
    public string ToParsableString() => $"{Endpoint}@{Generation}";

    public static SiloAddress FromParsableString(string addr)
        => TryParse(addr, out SiloAddress? silo) ? silo! : throw new FormatException($"'{addr}' is not a silo address; expected ip:port@generation.");

    public static bool TryParse(string? value, out SiloAddress? result)
    {
        result = null;
        int at = value?.LastIndexOf('@') ?? -1;
        if (at < 0 || !IPEndPoint.TryParse(value.AsSpan(0, at), out IPEndPoint? endpoint) || !int.TryParse(value.AsSpan(at + 1), out int generation))
            return false;

        result = new SiloAddress(endpoint, generation);
        return true;
    }

    /// <summary>A hash that is the same in every process.</summary>
    public int GetConsistentHashCode() => (int)StableHash.ComputeHash(ToParsableString());

    /// <summary>Whether this is an earlier run of the silo at the same endpoint.</summary>
    public bool IsPredecessorOf(SiloAddress other) => Endpoint.Equals(other.Endpoint) && Generation < other.Generation;

    /// <summary>Whether this is a later run of the silo at the same endpoint.</summary>
    public bool IsSuccessorOf(SiloAddress other) => other.IsPredecessorOf(this);

    public bool Equals(SiloAddress? other) => other is not null && Generation == other.Generation && Endpoint.Equals(other.Endpoint);

    public override bool Equals(object? obj) => Equals(obj as SiloAddress);

    public override int GetHashCode() => HashCode.Combine(Endpoint, Generation);

    public int CompareTo(SiloAddress? other)
    {
        if (other is null)
            return 1;

        int byGeneration = Generation.CompareTo(other.Generation);
        return byGeneration != 0 ? byGeneration : string.CompareOrdinal(Endpoint.ToString(), other.Endpoint.ToString());
    }

    public override string ToString() => $"{(IsClient ? 'C' : 'S')}{Endpoint}:{Generation}";
}
