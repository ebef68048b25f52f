namespace OrleansLM.Engine.Runtime;

/// <summary>Names a sequence inside one engine; all stages use the same one. Never reused by an engine.</summary>
public readonly record struct SequenceId(long Value)
{
    public override string ToString() => $"seq-{Value}";
}
