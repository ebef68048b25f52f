namespace Orleans.Configuration;

public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for a response before it gets a <see cref="TimeoutException"/>.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a call that timed out is cancelled where it runs.</summary>
    public bool CancelRequestOnTimeout { get; set; }

    /// <summary>Whether a call whose token is cancelled waits for the grain's answer rather than failing at once.</summary>
    public bool WaitForCancellationAcknowledgement { get; set; }

    /// <summary>The longest header of a message between processes, in bytes.</summary>
    public int MaxMessageHeaderSize { get; set; } = 10 * 1024 * 1024;

    /// <summary>The longest content of a message between processes, in bytes.</summary>
    public int MaxMessageBodySize { get; set; } = 100 * 1024 * 1024;
}
