namespace Orleans.Connections.Security;

/// <summary>How one connection is made.</summary>
public class TlsClientAuthenticationOptions
{
    /// <summary>The name that the other side's certificate is held against.</summary>
    public string? TargetHost { get; set; }
}
