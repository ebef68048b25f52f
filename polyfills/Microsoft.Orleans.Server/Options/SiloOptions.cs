namespace Orleans.Configuration;

public class SiloOptions
{
    /// <summary>A name for people; made up when null.</summary>
    public string? SiloName { get; set; }
}
