namespace Orleans.Configuration;

public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How often a request is sent on when its activation is not where it was looked for.</summary>
    public int MaxForwardCount { get; set; } = 2;

    /// <summary>How many requests may wait for one activation before further ones are refused with a <see cref="Runtime.LimitExceededException"/>; 0 for any number.</summary>
    public int MaxEnqueuedRequestsHardLimit { get; set; }
}
