namespace OrleansLM.Engine.Runtime.Links;

/// <summary>How links behave. Both sides should have the same.</summary>
public sealed record LinkOptions
{
    /// <summary>[1, 1024]: frames that the other side may send before it has to wait for one to be worked off.</summary>
    public int Window { get; init; } = 16;

    /// <summary>[10 ms, 1 h]: a side that has nothing to send says that it lives, this often.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>More than <see cref="Heartbeat"/>: a side that was not heard of for so long is lost.</summary>
    public TimeSpan SilenceLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>(0, 1 h]: to connect, and between two signs of life while the other side makes ready.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>[65536, 1073741824]: bytes of a frame at most; a larger one is a defect or an attack.</summary>
    public int MaxFrameBytes { get; init; } = 1 << 30;

    /// <summary>[0, 67108864]: of the socket, each way; 0 leaves what the system finds right.</summary>
    public int SocketBufferBytes { get; init; }

    /// <summary>Certificates of both sides; null: no encryption.</summary>
    public LinkTls? Tls { get; init; }

    /// <exception cref="ArgumentException">Names the option, the value and the allowed interval.</exception>
    public void Validate()
    {
        Require(Window is >= 1 and <= 1024, nameof(Window), Window, "[1, 1024]");
        Require(Heartbeat >= TimeSpan.FromMilliseconds(10) && Heartbeat <= TimeSpan.FromHours(1), nameof(Heartbeat), Heartbeat, "[10 ms, 1 h]");
        Require(SilenceLimit > Heartbeat, nameof(SilenceLimit), SilenceLimit, $"more than {nameof(Heartbeat)}, {Heartbeat}");
        Require(ConnectTimeout > TimeSpan.Zero && ConnectTimeout <= TimeSpan.FromHours(1), nameof(ConnectTimeout), ConnectTimeout, "(0, 1 h]");
        Require(MaxFrameBytes is >= 65536 and <= 1 << 30, nameof(MaxFrameBytes), MaxFrameBytes, $"[65536, {1 << 30}]");
        Require(SocketBufferBytes is >= 0 and <= 64 << 20, nameof(SocketBufferBytes), SocketBufferBytes, $"[0, {64 << 20}]");
    }

    private static void Require(bool holds, string name, object value, string expected)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} is {value}; expected {expected}");
        }
    }
}
