using OrleansLM.Engine.Tensors;

namespace OrleansLM.Engine.Tests.Backends;

/// <summary>Attention over caches that were filled before, at ragged batches, group ratios, page sizes and windows.</summary>
internal static class AttentionCases
{
    private static readonly (int Start, int Rows)[] Ragged = [(0, 5), (63, 1), (64, 1), (0, 1), (255, 2), (300, 1), (17, 90), (500, 4)];

    public static IEnumerable<OperatorCase> All()
    {
        foreach (var dim in new[] { 4, 8, 16, 20, 64, 128 })
        {
            yield return Case(new AttentionShape(4, 2, dim), Ragged);
        }

        foreach (var (heads, groups) in new[] { (8, 1), (3, 3), (9, 3), (60, 1) })
        {
            yield return Case(new AttentionShape(heads, groups, 16), Ragged);
        }

        foreach (var type in new[] { DataType.BFloat16, DataType.Float16 })
        {
            yield return Case(new AttentionShape(6, 2, 64) { Type = type }, Ragged);
            yield return Case(new AttentionShape(2, 1, 12) { Type = type }, Ragged);
        }

        foreach (var pageTokens in new[] { 1, 16, 37, 128, 256, 512 })
        {
            yield return Case(new AttentionShape(4, 2, 32) { PageTokens = pageTokens }, Ragged);
        }

        foreach (var window in new[] { 1, 7, 64, 300 })
        {
            yield return Case(new AttentionShape(4, 2, 16) { Window = window }, Ragged);
        }

        yield return Case(new AttentionShape(4, 2, 16) { Window = 70, PageTokens = 16, FirstPage = 26 }, [(500, 3), (486, 130)]);
        yield return Case(new AttentionShape(4, 1, 64), [(3000, 1), (1100, 70)]);
        yield return Case(new AttentionShape(2, 1, 8) { Scale = 30 }, Ragged);
    }

    private static OperatorCase Case(AttentionShape shape, (int Start, int Rows)[] segments) =>
        new($"Attention {shape} over {string.Join(' ', segments.Select(segment => $"{segment.Start}+{segment.Rows}"))}", 3e-6f * MathF.Max(1, shape.Scale), rig =>
            AttentionScenario.Create(rig, shape, segments).Attend(segments));
}
