"""`make cost-pages`: write the tables of docs/costs.md and docs/scale.md, and the cost chart."""

from scripts.costs import cost_page, scale_page

if __name__ == "__main__":
    cost_page.main()
    scale_page.main()
