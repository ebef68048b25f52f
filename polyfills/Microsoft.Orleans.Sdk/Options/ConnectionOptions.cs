namespace Orleans.Configuration;

/// <summary>Connections between processes.</summary>
public class ConnectionOptions
{
    /// <summary>How long to wait before a connection that could not be made is tried again.</summary>
    public TimeSpan ConnectionRetryDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long it may take to connect, with the exchange of who is who.</summary>
    public TimeSpan OpenConnectionTimeout { get; set; } = TimeSpan.FromSeconds(5);
}
