namespace Orleans.Runtime.Manifest;

/// <summary>The manifests of the silos that are known.</summary>
internal interface IClusterManifests
{
    IEnumerable<SiloManifest> Current { get; }
}
