using OrleansLM.Engine.Backends;
using OrleansLM.Engine.Backends.Cuda;
using OrleansLM.Engine.Tensors;
using OrleansLM.Reporting;

namespace OrleansLM.Gpu;

/// <summary>What the device itself can do: copies inside it and over the bus, and a large matrix product.</summary>
internal static class CeilingRows
{
    private const int Size = 8192;
    private const int Rounds = 10;

    public static void Measure(GpuSession session)
    {
        using var backend = session.NewBackend();
        Copy(session, backend);
        Bus(session, backend);
        MatMul(session, backend);
    }

    private static void Copy(GpuSession session, CudaBackend backend)
    {
        const long Bytes = 4L << 30;
        using var buffer = backend.Allocate(DataType.Float32, 2 * Bytes / sizeof(float));
        var seconds = backend.Time(Rounds, () => backend.Copy(buffer, 0, Bytes / sizeof(float), Bytes / sizeof(float)));
        session.CopyRate = 2 * Bytes / seconds;
        session.Add(new BenchRow("ceiling/copy", session.CopyRate / 1e9, "GB/s", Note: "inside the device, read and written bytes, 4 GiB, median"));
    }

    private static void Bus(GpuSession session, CudaBackend backend)
    {
        var (up, down) = backend.BusRates(1L << 30, Rounds);
        session.UploadRate = up;
        session.DownloadRate = down;
        session.Add(new BenchRow("ceiling/host-to-device", up / 1e9, "GB/s", Note: "pinned memory, 1 GiB, median"));
        session.Add(new BenchRow("ceiling/device-to-host", down / 1e9, "GB/s", Note: "pinned memory, 1 GiB, median"));
    }

    private static void MatMul(GpuSession session, CudaBackend backend)
    {
        using var weights = new RandomMatrix(Size, Size);
        using var weight = backend.LoadWeight(weights.Tensor);
        using var input = backend.Allocate(DataType.BFloat16, (long)Size * Size);
        using var output = backend.Allocate(DataType.BFloat16, (long)Size * Size);
        weights.CopyTo(backend, input);
        var x = new Matrix(input, Size, Size);
        var y = new Matrix(output, Size, Size);
        var seconds = backend.Time(Rounds, () => backend.Project(x, [new Projection(weight, y)]));
        session.MatMulRate = 2.0 * Size * Size * Size / seconds;
        session.Add(new BenchRow("ceiling/matmul", session.MatMulRate / 1e12, "TFLOP/s", Note: "8192³, bf16, random values, median"));
    }
}
