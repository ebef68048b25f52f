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

        fixed (int* p = positions)
        fixed (float* frequencies = table.InverseFrequencies)
        {
            var job = new Job { Positions = p, Count = positions.Length, Frequencies = frequencies, Half = half, Factor = table.AttentionFactor, Values = values };
            team.Run(&Item, &job, (positions.Length + RowsPerItem - 1) / RowsPerItem);
        }

        Remember(positions, table);
        return values;
    }

    public void Dispose() => _values.Dispose();

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
            var cos = job->Values + (long)t * 2 * job->Half;
            for (var i = 0; i < job->Half; i++)
            {
                var (s, c) = Trigonometry.SinCos(job->Positions[t] * job->Frequencies[i]);
                cos[i] = c * job->Factor;
                cos[job->Half + i] = s * job->Factor;
            }
        }
    }

    private struct Job
    {
        public int* Positions;
        public int Count;
        public float* Frequencies;
        public int Half;
        public float Factor;
        public float* Values;
    }
}
