using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>One run: the devices, the ceilings measured so far, and the rows.</summary>
internal sealed class GpuSession(GpuBenchOptions options, CudaDevices devices, ReportTable table, TextWriter output) : IDisposable
{
    private readonly List<BenchRow> _rows = [];
    private RandomCheckpoint? _checkpoint;

    public GpuBenchOptions Options => options;

    public IReadOnlyList<BenchRow> Rows => _rows;

    /// <summary>Bytes a second that a copy inside the device reads and writes.</summary>
    public double CopyRate { get; set; } = 4.2e12;

    /// <summary>Operations a second of a large bf16 matrix product.</summary>
    public double MatMulRate { get; set; } = 7.5e14;

    /// <summary>Bytes a second from pinned host memory.</summary>
    public double UploadRate { get; set; } = 53e9;

    /// <summary>Bytes a second to pinned host memory.</summary>
    public double DownloadRate { get; set; } = 53e9;

    /// <summary>Model folder for whole engines; written when it is first asked for, unless one was given.</summary>
    public string EngineFolder => options.Engine ?? (_checkpoint ??= new RandomCheckpoint(Shapes.Mistral)).Folder;

    /// <summary>Whether a row is to be measured.</summary>
    public bool Wants(string row) => options.Filter.Length == 0 || options.Filter.Split(',').Any(part => row.Contains(part, StringComparison.Ordinal));

    /// <summary>Whether files that rows need are there; says so where they are not.</summary>
    public bool HasFolder(string rows, string folder)
    {
        if (!Directory.Exists(folder))
        {
            output.WriteLine($"{rows}: left out, there is no folder {Path.GetFullPath(folder)}");
        }

        return Directory.Exists(folder);
    }

    public CudaBackend NewBackend(int index = 0, CudaOptions? other = null) => new(devices, (other ?? new CudaOptions()) with { Device = options.Devices[index] });

    public void Add(BenchRow row)
    {
        _rows.Add(row);
        table.Write(row);
    }

    public void Dispose() => _checkpoint?.Dispose();
}
