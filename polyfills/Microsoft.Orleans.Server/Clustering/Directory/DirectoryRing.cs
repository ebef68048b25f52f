namespace Orleans.Runtime.Clustering.Directory;

/// <summary>Which silo has which part of the directory: each silo stands at several points of a ring and has what lies before them.</summary>
internal sealed class DirectoryRing
{
    private const int PointsPerSilo = 30;

    private readonly uint[] _hashes;
    private readonly SiloAddress[] _owners;

    public DirectoryRing(IEnumerable<SiloAddress> silos)
    {
        Silos = [.. silos.Order()];
        (uint Hash, SiloAddress Silo)[] points = [.. Silos.SelectMany(PointsOf).OrderBy(p => p.Hash).ThenBy(p => p.Silo)];
        _hashes = Array.ConvertAll(points, p => p.Hash);
        _owners = Array.ConvertAll(points, p => p.Silo);
    }

    public SiloAddress[] Silos { get; }

    /// <summary>Null when there is no silo.</summary>
    public SiloAddress? OwnerOf(GrainId grain)
    {
        if (_owners.Length == 0)
            return null;

        int index = Array.BinarySearch(_hashes, grain.GetUniformHashCode());
        if (index < 0)
            index = ~index;
        return _owners[index % _owners.Length];
    }

    public bool HasSameSilos(DirectoryRing other) => Silos.AsSpan().SequenceEqual(other.Silos);

    private static IEnumerable<(uint Hash, SiloAddress Silo)> PointsOf(SiloAddress silo)
    {
        for (int i = 0; i < PointsPerSilo; i++)
            yield return (StableHash.ComputeHash($"{silo.ToParsableString()}#{i}"), silo);
    }
}
