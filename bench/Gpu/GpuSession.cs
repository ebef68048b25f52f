using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>One run: the devices, the ceilings measured so far, and the rows.</summary>
internal sealed class GpuSession(GpuBenchOptions options, CudaDevices devices, ReportTable table)
{
    private readonly List<BenchRow> _rows = [];

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

    public bool Wants(string group) => options.Filter.Length == 0 || options.Filter.Split(',').Any(part => group.Contains(part, StringComparison.Ordinal));

    public CudaBackend NewBackend(int index = 0, CudaOptions? other = null) => new(devices, (other ?? new CudaOptions()) with { Device = options.Devices[index] });

    public void Add(BenchRow row)
    {
        _rows.Add(row);
        table.Write(row);
    }
}
