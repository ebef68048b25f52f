namespace Orleans.Configuration;

public class SiloMessagingOptions : MessagingOptions
{
    /// <summary>How often a request is sent on when its activation is not where it was looked for.</summary>
    public int MaxForwardCount { get; set; } = 2;
}
