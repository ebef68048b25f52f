namespace Orleans.Runtime.Clustering.Directory;

/// <summary>What a part of the directory answers: an address, none, or that by a newer membership another silo has that part.</summary>
[GenerateSerializer, Immutable]
internal sealed record DirectoryAnswer(GrainAddress? Address, MembershipVersion MovedSince)
{
    public static DirectoryAnswer Of(GrainAddress? address) => new(address, MembershipVersion.MinValue);

    public static DirectoryAnswer Moved(MembershipVersion version) => new(null, version);

    public bool IsMoved => MovedSince > MembershipVersion.MinValue;
}
