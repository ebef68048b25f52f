namespace Orleans.Configuration;

/// <summary>The database that has the table of silos.</summary>
public class AdoNetClusteringSiloOptions
{
    public string? ConnectionString { get; set; }

    /// <summary>The name of the database's driver: <c>Npgsql</c>, or <c>System.Data.SQLite</c>, which means Microsoft.Data.Sqlite.</summary>
    public string? Invariant { get; set; }
}
