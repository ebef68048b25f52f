using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>x[t] = table[tokens[t]].</summary>
internal static unsafe class Embed
{
    public static void Run(ReadOnlySpan<int> tokens, MappedWeight table, float* x)
    {
        var columns = table.Columns;
        for (var t = 0; t < tokens.Length; t++)
        {
            var source = table.Data + (long)tokens[t] * columns * table.Type.SizeInBytes();
            Rows.Convert(table.Type, source, x + (long)t * columns, columns);
        }
    }
}
