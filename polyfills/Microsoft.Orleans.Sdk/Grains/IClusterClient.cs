namespace Orleans;

/// <summary>Calls grains from outside of grains; in a silo's host it is the silo's own.</summary>
public interface IClusterClient : IGrainFactory
{
    IServiceProvider ServiceProvider { get; }
}
