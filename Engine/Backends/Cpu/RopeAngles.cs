using System.Runtime.CompilerServices;

namespace OrleansLM.Engine.Backends.Cpu;

/// <summary>
/// Cosines and sines of one step's positions, [T, D] with the cosines of a row first. Every layer rotates by the same ones, so they are kept until the
/// positions or the table change.
/// </summary>
internal sealed unsafe class RopeAngles : IDisposable
{
    private const int RowsPerItem = 16;
    private readonly Scratch _values = new();
    private RopeTable? _table;
    private int[] _positions = [];
    private int _count;

    public float* For(ThreadTeam team, ReadOnlySpan<int> positions, RopeTable table)
    {
        var half = table.InverseFrequencies.Length;
        var values = _values.Floats((long)positions.Length * 2 * half);
        if (ReferenceEquals(table, _table) && positions.SequenceEqual(_positions.AsSpan(0, _count)))
        {
            return values;
        }

        Compute(team, positions, table, values);
        Remember(positions, table);
        return values;
    }

    public void Dispose() => _values.Dispose();

    private static void Compute(ThreadTeam team, ReadOnlySpan<int> positions, RopeTable table, float* values)
    {
        fixed (int* p = positions)
        fixed (float* frequencies = table.InverseFrequencies)
        fixed (float* stretched = table.StretchedFrequencies)
        {
            var half = table.InverseFrequencies.Length;
            var job = new Job
            {
                Positions = p,
                Count = positions.Length,
                Half = half,
                Frequencies = frequencies,
                Stretched = stretched,
                StretchStart = table.StretchStart,
                LastStretched = table.StretchedFrequencies.Length / half - 1,
                Factor = table.AttentionFactor,
                Values = values,
            };
            team.Run(&Item, &job, (positions.Length + RowsPerItem - 1) / RowsPerItem);
        }
    }

    private void Remember(ReadOnlySpan<int> positions, RopeTable table)
    {
        if (_positions.Length < positions.Length)
        {
            _positions = new int[positions.Length * 2];
        }

        positions.CopyTo(_positions);
        _count = positions.Length;
        _table = table;
    }

    private static void Item(void* context, int item, int thread)
    {
        var job = (Job*)context;
        var end = Math.Min(job->Count, (item + 1) * RowsPerItem);
        for (var t = item * RowsPerItem; t < end; t++)
        {
            Row(job, job->Positions[t], job->Values + (long)t * 2 * job->Half);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Row(Job* job, int position, float* cos)
    {
        // As RopeTable.FrequenciesAt.
        var frequencies = position < job->StretchStart
            ? job->Frequencies
            : job->Stretched + (long)Math.Min(position - job->StretchStart, job->LastStretched) * job->Half;
        for (var i = 0; i < job->Half; i++)
        {
            var (s, c) = Trigonometry.SinCos(position * frequencies[i]);
            cos[i] = c * job->Factor;
            cos[job->Half + i] = s * job->Factor;
        }
    }

    private struct Job
    {
        public int* Positions;
        public int Count;
        public int Half;
        public float* Frequencies;
        public float* Stretched;
        public int StretchStart;
        public int LastStretched;
        public float Factor;
        public float* Values;
    }
}
