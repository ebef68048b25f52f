namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

public sealed class Unmarked
{
    public int Value { get; set; }
}
