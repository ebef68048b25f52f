using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>
/// The one table that every backend faces: all operators at sizes that are comfortable for nobody, each with its error bound against
/// <see cref="Engine.Backends.Reference.ReferenceBackend"/>. A new operator or backend gets its tests here.
/// </summary>
internal static class ConformanceCases
{
    private static readonly DataType[] Types = [DataType.Float32, DataType.BFloat16, DataType.Float16];

    public static IReadOnlyDictionary<string, OperatorCase> All { get; } =
        Embed().Concat(Norms()).Concat(Projections()).Concat(Ropes()).Concat(Stores()).Concat(AttentionCases.All())
            .Concat(Gates()).Concat(LinearAttentionCases.All()).Concat(FusedCases.All()).Concat(Moves()).ToDictionary(row => row.Name);

    private static IEnumerable<OperatorCase> Embed() =>
        from type in Types
        from columns in new[] { 4, 20, 64 }
        select new OperatorCase($"Embed {type} C={columns}", 0, rig =>
        {
            var table = rig.Weight(type, 11, columns);
            var x = rig.Empty(7, columns);
            rig.Backend.Embed(rig.Tokens(7, 11), table, x);
            return rig.Read(x);
        });

    private static IEnumerable<OperatorCase> Norms()
    {
        foreach (var (type, rows, columns) in Types.SelectMany(type => new[] { (type, 1, 2048), (type, 9, 20), (type, 33, 64), (type, 2, 5) }))
        {
            yield return new OperatorCase($"RmsNorm {type} T={rows} C={columns}", 2e-6f, rig =>
            {
                var y = rig.Empty(rows, columns);
                rig.Backend.RmsNorm(rig.Matrix(rows, columns), rig.Weight(type, 1, columns), 1e-5f, y);
                return rig.Read(y);
            });
        }

        yield return new OperatorCase("RmsNorm in place", 2e-6f, rig =>
        {
            var x = rig.Matrix(3, 40);
            rig.Backend.RmsNorm(x, rig.Weight(DataType.Float32, 1, 40), 1e-6f, x);
            return rig.Read(x);
        });
        foreach (var (heads, dim) in new[] { (4, 128), (3, 20), (1, 4), (32, 64) })
        {
            yield return new OperatorCase($"GroupNorm H={heads} D={dim}", 4e-6f, rig =>
            {
                var x = rig.Matrix(9, heads * dim);
                rig.Backend.GroupNorm(x, heads, 1e-5f);
                return rig.Read(x);
            });
        }
    }

    private static IEnumerable<OperatorCase> Projections()
    {
        (int T, int K, int N)[] sizes =
        [
            (1, 8, 1), (1, 5, 3), (1, 2048, 64), (1, 100, 130), (2, 72, 17), (3, 520, 66), (3, 13, 5), (4, 64, 48), (5, 1030, 9), (7, 16, 1),
            (16, 256, 100), (33, 520, 51), (100, 72, 49), (197, 1029, 5), (8, 3, 4),
        ];
        foreach (var type in Types)
        {
            foreach (var (t, k, n) in sizes)
            {
                yield return Projection(type, t, k, n, accumulate: false);
            }

            yield return Projection(type, 1, 520, 33, accumulate: true);
            yield return Projection(type, 20, 520, 53, accumulate: true);
        }

        foreach (var rows in new[] { 1, 2, 6, 50 })
        {
            yield return new OperatorCase($"Project of ten weights of all types T={rows}", 2e-6f, rig =>
            {
                var x = rig.Matrix(rows, 136);
                var projections = Enumerable.Range(0, 10).Select(i => new Projection(rig.Weight(Types[i % 3], 5 + 13 * i, 136), rig.Empty(rows, 5 + 13 * i))).ToArray();
                rig.Backend.Project(x, projections);
                return [.. projections.SelectMany(projection => rig.Read(projection.Output))];
            });
        }
    }

    private static OperatorCase Projection(DataType type, int t, int k, int n, bool accumulate) =>
        new($"Project {type} T={t} K={k} N={n}{(accumulate ? " accumulate" : "")}", 2e-6f, rig =>
        {
            var x = rig.Matrix(t, k);
            var y = accumulate ? rig.Matrix(t, n) : rig.Empty(t, n);
            rig.Backend.Project(x, [new Projection(rig.Weight(type, n, k), y, accumulate)]);
            return rig.Read(y);
        });

    private static IEnumerable<OperatorCase> Ropes()
    {
        foreach (var (heads, dim) in new[] { (4, 64), (3, 8), (2, 128), (1, 4), (5, 16), (2, 36) })
        {
            yield return new OperatorCase($"Rope H={heads} D={dim}", 1e-6f, rig =>
            {
                var frequencies = Enumerable.Range(0, dim / 2).Select(i => (float)Math.Pow(10000, -2.0 * i / dim)).ToArray();
                return Rotate(rig, heads, dim, new RopeTable(frequencies, 1.2f));
            });
        }

        yield return new OperatorCase("Rope with frequencies of their own beyond position 100", 1e-6f, rig => Rotate(
            rig, 2, 16, new RopeTable(rig.Values(8), 1f) { StretchStart = 100, StretchedFrequencies = rig.Values(8 * 11) }));
    }

    private static float[] Rotate(OperatorRig rig, int heads, int dim, RopeTable table)
    {
        var batch = OperatorRig.Batch([(0, 3), (131_000, 2), (98, 20), (1_000_000, 1)]);
        var x = rig.Matrix(batch.RowCount, heads * dim);
        var y = rig.Matrix(batch.RowCount, dim);
        rig.Backend.Rope(x, heads, batch, table);
        rig.Backend.Rope(y, 1, batch, table);
        return [.. rig.Read(x), .. rig.Read(y)];
    }

    private static IEnumerable<OperatorCase> Stores() =>
        from type in Types
        from size in new[] { (Dim: 64, Page: 16), (Dim: 20, Page: 7), (Dim: 4, Page: 1) }
        select new OperatorCase($"StoreKeyValue {type} D={size.Dim} P={size.Page}", 0, rig =>
        {
            var pages = rig.Shuffled(90);
            var batch = OperatorRig.Batch([(size.Page * 2 + 1, 40), (3, 1)], s => pages[(s * 45)..(s * 45 + 45)]);
            var layer = rig.KeyValues(type, 90, size.Page, 2, size.Dim);
            rig.Backend.StoreKeyValue(rig.Matrix(41, 2 * size.Dim), rig.Matrix(41, 2 * size.Dim), layer, batch);
            return [.. rig.ReadAll(layer.Keys), .. rig.ReadAll(layer.Values)];
        });

    private static IEnumerable<OperatorCase> Gates()
    {
        foreach (var (rows, columns) in new[] { (1, 5632), (3, 37), (40, 256) })
        {
            yield return new OperatorCase($"SwiGlu T={rows} F={columns}", 1e-6f, rig =>
            {
                var gate = rig.Matrix(rows, columns, 8);
                rig.Backend.SwiGlu(gate, rig.Matrix(rows, columns));
                return rig.Read(gate);
            });
        }

        yield return new OperatorCase("SwiGlu of huge and tiny gates", 1e-6f, rig =>
        {
            var gate = rig.Matrix(1, 9, [-3e38f, -200f, -87.5f, -1e-30f, 0f, 1e-30f, 88f, 200f, 3e38f]);
            rig.Backend.SwiGlu(gate, rig.Matrix(1, 9, [.. Enumerable.Repeat(0.5f, 9)]));
            return rig.Read(gate)[..8];
        });
        foreach (var type in Types)
        {
            yield return new OperatorCase($"BiasRelu {type}", 0, rig =>
            {
                var x = rig.Matrix(11, 45);
                rig.Backend.BiasRelu(x, rig.Weight(type, 1, 45));
                return rig.Read(x);
            });
        }
    }

    private static IEnumerable<OperatorCase> Moves()
    {
        yield return new OperatorCase("GatherRows", 0, rig =>
        {
            var y = rig.Empty(3, 7);
            rig.Backend.GatherRows(rig.Matrix(9, 7), [8, 0, 0], y);
            return rig.Read(y);
        });
        yield return new OperatorCase("Copy and Clear", 0, rig =>
        {
            var x = rig.Matrix(1, 100);
            rig.Backend.Copy(x.Buffer, 10, 60, 20);
            rig.Backend.Clear(x.Buffer, 30, 5);
            return rig.Read(x);
        });
        yield return new OperatorCase("ReadLogits", 0, rig => rig.Backend.ReadLogits(rig.Residual(2, 33)).ToArray());
    }
}
