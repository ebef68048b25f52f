using Microsoft.Extensions.Options;
using Orleans.Runtime.MembershipService.SiloMetadata;

namespace Orleans.Runtime.Manifest;

/// <summary>The grain classes of this silo: those of all assemblies of the program that use Orleans.</summary>
internal sealed class GrainClasses
{
    private readonly Dictionary<GrainType, GrainClass> _byType = [];

    public GrainClasses(IOptions<SiloMetadataOptions> metadata)
    {
        foreach (GrainClass grainClass in ProgramAssemblies.Find().SelectMany(a => a.GetTypes()).Where(GrainClass.IsGrainClass).Select(t => new GrainClass(t)))
        {
            if (!_byType.TryAdd(grainClass.GrainType, grainClass))
            {
                throw new OrleansConfigurationException(
                    $"{grainClass.Type} and {_byType[grainClass.GrainType].Type} have the same grain type '{grainClass.GrainType}'; give one of them a [GrainType].");
            }
        }

        Manifest = new SiloManifest([.. _byType.Values.Select(c => c.Info)], metadata.Value.Metadata);
    }

    public SiloManifest Manifest { get; }

    public GrainClass? Find(GrainType type) => _byType.GetValueOrDefault(type);
}
