using OrleansLM.Engine.Tensors;

namespace OrleansLM.Cli.Inspect;

/// <summary>Element types as people write them.</summary>
internal static class TypeNames
{
    public static IReadOnlyList<string> All { get; } = ["f32", "bf16", "f16", "fp8"];

    public static string Of(DataType type) => type switch
    {
        DataType.Float32 => "f32",
        DataType.BFloat16 => "bf16",
        DataType.Float8E4M3 => "fp8",
        _ => "f16",
    };

    /// <summary>The type of one of <see cref="All"/>.</summary>
    public static DataType Parse(string name) => Enum.GetValues<DataType>().Single(type => Of(type) == name);
}
