namespace OrleansLM.Polyfills.Node.Grains;

[GenerateSerializer, Alias("orleanslm.test.CargoException")]
public sealed class CargoException(string message) : Exception(message)
{
    [Id(0)]
    public string? Field { get; init; }

    [Id(1)]
    public TimeSpan? RetryAfter { get; init; }
}
