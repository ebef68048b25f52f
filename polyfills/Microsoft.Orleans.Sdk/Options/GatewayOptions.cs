namespace Orleans.Configuration;

/// <summary>How a client keeps its list of gateways.</summary>
public class GatewayOptions
{
    /// <summary>How often the list is read anew; it also is when a gateway is lost.</summary>
    public TimeSpan GatewayListRefreshPeriod { get; set; } = TimeSpan.FromMinutes(1);
}
