namespace Orleans.Serialization;

/// <summary>A value of this type cannot cross a grain call: it is neither a type that the runtime knows nor marked with [GenerateSerializer].</summary>
[GenerateSerializer]
public sealed class CodecNotFoundException : Exception
{
    public CodecNotFoundException(string message)
        : base(message)
    {
    }
}
