using OrleansLM.Engine.Backends.Cuda.Device;
using OrleansLM.Engine.Backends.Cuda.Native;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>
/// How near the CUDA backend comes to what a GPU can do: copies and matrix products are measured first, then decode and prefill of 7B shapes with random weights,
/// each against the time that its bytes or operations need at that speed.
/// </summary>
public static class GpuBench
{
    /// <returns>Exit code.</returns>
    public static int Run(string[] args)
    {
        try
        {
            var options = GpuBenchOptions.Parse(args);
            return options.Serve is { } folder ? StageChild.Serve(folder, options.Devices[0]) : Run(options, Console.Out);
        }
        catch (Exception exception) when (exception is ArgumentException or CudaException)
        {
            Console.Error.WriteLine(exception.Message);
            return 2;
        }
    }

    public static int Run(GpuBenchOptions options, TextWriter output)
    {
        var devices = CudaDevices.Load();
        foreach (var device in devices.All)
        {
            output.WriteLine(
                $"device {device.Ordinal}: {device.Name}, {device.MemoryBytes / 1e9:F0} GB, {device.MultiprocessorCount} SMs, compute capability {device.ComputeCapability / 10.0:F1}, "
                + $"peers {string.Join(' ', device.Peers)}; driver for CUDA {devices.DriverVersion / 1000}.{devices.DriverVersion % 1000 / 10}");
        }

        var table = new ReportTable(output);
        table.WriteHeader();
        using var session = new GpuSession(options, devices, table, output);
        CeilingRows.Measure(session);
        ParityRows.Measure(session);
        DecodeRows.Measure(session);
        SupraRows.Measure(session);
        EngineRows.MeasureAsync(session).GetAwaiter().GetResult();
        PipelineRows.MeasureAsync(session).GetAwaiter().GetResult();
        SessionRows.MeasureAsync(session).GetAwaiter().GetResult();
        if (options.Json is { } path)
        {
            var device = devices.Require(options.Devices[0]);
            var driver = $"driver for CUDA {devices.DriverVersion / 1000}.{devices.DriverVersion % 1000 / 10}";
            BenchReport.Here(session.Rows, $"{(options.Devices.Count > 1 ? $"{options.Devices.Count} x " : "")}{device.Name}, {driver}").WriteJson(path);
        }

        return 0;
    }
}
