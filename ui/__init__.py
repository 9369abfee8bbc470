"""What people see: the stage, the figures and the pages. The only part that knows Streamlit and Plotly."""
