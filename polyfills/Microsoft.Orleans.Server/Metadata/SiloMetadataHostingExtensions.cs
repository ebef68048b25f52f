using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace Orleans.Runtime.MembershipService.SiloMetadata;

public static class SiloMetadataHostingExtensions
{
    public static ISiloBuilder UseSiloMetadata(this ISiloBuilder builder, Dictionary<string, string> metadata)
    {
        builder.Services.Configure<SiloMetadataOptions>(o =>
        {
            foreach ((string key, string value) in metadata)
                o.Metadata[key] = value;
        });
        return builder;
    }

    /// <summary>Takes the metadata from a section of the configuration, one value per name.</summary>
    public static ISiloBuilder UseSiloMetadata(this ISiloBuilder builder, IConfigurationSection configurationSection)
        => builder.UseSiloMetadata(configurationSection.GetChildren().Where(c => c.Value is not null).ToDictionary(c => c.Key, c => c.Value!));
}
