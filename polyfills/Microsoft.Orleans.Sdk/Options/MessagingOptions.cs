namespace Orleans.Configuration;

public abstract class MessagingOptions
{
    /// <summary>How long a caller waits for a response before it gets a <see cref="TimeoutException"/>.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Whether a call that timed out is cancelled where it runs.</summary>
    public bool CancelRequestOnTimeout { get; set; }

    /// <summary>Whether a call whose token is cancelled waits for the grain's answer rather than failing at once.</summary>
    public bool WaitForCancellationAcknowledgement { get; set; }
}
