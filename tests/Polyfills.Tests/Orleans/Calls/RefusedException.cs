namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

[GenerateSerializer, Alias("test.RefusedException")]
public sealed class RefusedException(string message, int code) : Exception(message)
{
    [Id(0)]
    public int Code { get; } = code;
}
